import type {
  ExportMetricsServiceRequest,
  Metric,
  ResourceMetrics,
} from "#proto/gen/foreign/otlp_metrics_pb.js";
import { AggregationTemporality } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { OperatingError } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricType } from "#shared/model/metrics.ts";
import { TooLargeError } from "../transport/body.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { labelsOfAttributes } from "./attributes.ts";
import type { OtlpConfig } from "./config.ts";
import { LabelNames } from "./label_names.ts";
import { escapesNames, metricName } from "./metric_names.ts";
import { PointRejectedError, PointWriter, type WriterParts } from "./point_writer.ts";
import {
  type MetricTraits,
  writeCustomHistogram,
  writeExponential,
  writeHistogram,
  writeNumber,
  writeSummary,
} from "./points.ts";
import { resourceLabels, scopeLabels } from "./resource_labels.ts";
import { unitText } from "./unit_names.ts";

/** What became of a request's data points. */
export type Converted = {
  points: number;
  rejected: number;
  /** The first reason for a rejection, else the first warning, or undefined. */
  message: string | undefined;
  warning: string | undefined;
  /** Metadata came that is to be handed on. */
  hasNewFamilies: boolean;
  readonly drops: Map<DropReason, number>;
};

/** Half of the time that a query looks back, so that a join with target_info always finds one. */
const targetInfoEveryMs = 150_000;
const targetInfoMax = 1_000;

/** What is the same for all of a request. */
type Conversion = {
  readonly config: OtlpConfig;
  readonly names: LabelNames;
  readonly writer: PointWriter;
  readonly out: Converted;
};

/** The rules of label names that a configuration asks for. */
export function labelNamesOf(config: OtlpConfig): LabelNames {
  return new LabelNames({
    escapes: escapesNames(config.translation_strategy),
    sanitizesUnderscore: config.label_name_underscore_sanitization,
    preservesUnderscores: config.label_name_preserve_multiple_underscores,
  });
}

/** Puts the points of a request into the buffer as samples of Prometheus's data model; a bad point is counted, the rest stands. */
export function* convertMetrics(
  request: ExportMetricsServiceRequest,
  parts: WriterParts & { readonly names: LabelNames },
  config: OtlpConfig,
): Steps<Converted> {
  const out: Converted = {
    points: 0,
    rejected: 0,
    message: undefined,
    warning: undefined,
    hasNewFamilies: false,
    drops: new Map(),
  };
  const writer = new PointWriter(parts);
  const conversion = { config, names: parts.names, writer, out };
  for (const resource of request.resourceMetrics) yield* convertResource(resource, conversion);
  out.hasNewFamilies = writer.hasNewFamilies;
  return out;
}

function* convertResource(
  { resource, scopeMetrics }: ResourceMetrics,
  conversion: Conversion,
): Steps {
  const { config, names, writer, out } = conversion;
  const onBadName = (message: string): void => {
    out.warning ??= message;
  };
  const labels = resourceLabels(resource?.attributes ?? [], names, config, onBadName);
  writer.startResource();
  for (const scope of scopeMetrics) {
    const own = scopeLabels(scope, names, config, onBadName);
    writer.setCommonLabels({
      promoted: labels.promoted,
      identity: { ...labels.identity, ...own },
    });
    yield;
    for (const metric of scope.metrics) yield* convertMetric(metric, conversion);
  }
  if (labels.targetInfo !== undefined) writeTargetInfo(labels.targetInfo, writer, onBadName);
}

function* convertMetric(metric: Metric, { config, names, writer, out }: Conversion): Steps {
  yield;
  const { data } = metric;
  if (data.case === undefined) return;
  const { dataPoints } = data.value;
  if (dataPoints.length === 0) return;
  out.points += dataPoints.length;
  let name = "";
  try {
    const named = { name: metric.name, unit: metric.unit, kind: kindOf(data) };
    name = metricName(named, config.translation_strategy);
    if ("aggregationTemporality" in data.value) checkTemporality(data.value.aggregationTemporality);
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    reject(out, metric.name, "invalid_sample", thrown.message, dataPoints.length);
    return;
  }
  const type = typeOf(data);
  writer.describe({ name, type, help: metric.description, unit: unitText(metric.unit) });
  const traits: MetricTraits = {
    name,
    isDelta:
      "aggregationTemporality" in data.value &&
      data.value.aggregationTemporality === AggregationTemporality.DELTA,
    labelsOf: (attributes) => labelsOfAttributes(attributes, names),
  };
  for (const write of pointWrites(data, traits, writer, config)) {
    yield;
    try {
      write();
    } catch (thrown) {
      // A request that is too large is refused as a whole.
      if (!(thrown instanceof OperatingError) || thrown instanceof TooLargeError) throw thrown;
      const reason = thrown instanceof PointRejectedError ? thrown.reason : "invalid_sample";
      reject(out, metric.name, reason, thrown.message, 1);
    }
  }
}

/** One function a point, so that each is tried alone. */
function* pointWrites(
  data: Exclude<Metric["data"], { case: undefined }>,
  metric: MetricTraits,
  writer: PointWriter,
  { convert_histograms_to_nhcb: toCustom }: OtlpConfig,
): Generator<() => void> {
  switch (data.case) {
    case "gauge":
    case "sum":
      for (const point of data.value.dataPoints) yield () => writeNumber(writer, metric, point);
      return;
    case "histogram": {
      const write = toCustom ? writeCustomHistogram : writeHistogram;
      for (const point of data.value.dataPoints) yield () => write(writer, metric, point);
      return;
    }
    case "exponentialHistogram":
      for (const point of data.value.dataPoints)
        yield () => writeExponential(writer, metric, point);
      return;
    case "summary":
      for (const point of data.value.dataPoints) yield () => writeSummary(writer, metric, point);
  }
}

function checkTemporality(temporality: AggregationTemporality): void {
  if (
    temporality !== AggregationTemporality.DELTA &&
    temporality !== AggregationTemporality.CUMULATIVE
  )
    throw new OperatingError(
      "bad_request",
      `aggregation temporality is ${temporality}, expected 1 (delta) or 2 (cumulative)`,
    );
}

function kindOf(data: Metric["data"]): "counter" | "gauge" | "other" {
  // Sums that may fall are no gauges to the rules of names.
  if (data.case === "sum") return data.value.isMonotonic ? "counter" : "other";
  return data.case === "gauge" ? "gauge" : "other";
}

function typeOf(data: Metric["data"]): MetricType {
  if (data.case === "histogram" || data.case === "exponentialHistogram") return "histogram";
  if (data.case === "summary") return "summary";
  return kindOf(data) === "counter" ? "counter" : "gauge";
}

function reject(
  out: Converted,
  metric: string,
  reason: DropReason,
  message: string,
  points: number,
): void {
  if (points === 0) return;
  out.rejected += points;
  out.drops.set(reason, (out.drops.get(reason) ?? 0) + points);
  out.message ??= `metric ${JSON.stringify(metric.slice(0, 200))}: ${message}`;
}

/** One sample each 2m30s of the time that the resource's points span, and at its end. */
function writeTargetInfo(
  labels: Labels,
  writer: PointWriter,
  onBadName: (message: string) => void,
): void {
  const { firstMs, lastMs } = writer;
  if (firstMs > lastMs) return;
  writer.describe({ name: "target_info", type: "gauge", help: "Target metadata", unit: "" });
  const count = Math.min(targetInfoMax, Math.ceil((lastMs - firstMs) / targetInfoEveryMs));
  try {
    for (let i = 0; i < count; i++)
      writer.info("target_info", labels, firstMs + i * targetInfoEveryMs);
    writer.info("target_info", labels, lastMs);
  } catch (thrown) {
    // Labels of a resource that do not fit cost only the join, not the points.
    if (!(thrown instanceof PointRejectedError)) throw thrown;
    onBadName(`target_info is not stored: ${thrown.message}`);
  }
}
