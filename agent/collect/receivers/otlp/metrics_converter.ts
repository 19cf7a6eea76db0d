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
import type { PushedSeries } from "../pushed_series.ts";
import type { SampleBuffer } from "../sample_buffer.ts";
import { labelsOfAttributes, valueText } from "./attributes.ts";
import type { DeltaSums } from "./delta_sums.ts";
import { metricName, unitText } from "./metric_names.ts";
import { PointRejectedError, PointWriter } from "./point_writer.ts";
import { writeExponential, writeHistogram, writeNumber, writeSummary } from "./points.ts";

export type ConverterOptions = {
  /** Attributes of resources that become labels of each series. */
  readonly promoted: readonly string[];
};

/** What became of a request's data points. */
export type Converted = {
  points: number;
  rejected: number;
  exemplars: number;
  /** The first reason for a rejection, or undefined. */
  message: string | undefined;
  /** Metadata came that is to be handed on. */
  hasNewFamilies: boolean;
  readonly drops: Map<DropReason, number>;
};

/** Half of the time that a query looks back, so that a join with target_info always finds one. */
const targetInfoEveryMs = 150_000;
const targetInfoMax = 1_000;
const identifying: ReadonlySet<string> = new Set([
  "service.name",
  "service.namespace",
  "service.instance.id",
]);

/** Puts the points of a request into `buffer` as samples of Prometheus's data model; a bad point is counted, the rest stands. */
export function convertMetrics(
  request: ExportMetricsServiceRequest,
  parts: {
    readonly series: PushedSeries;
    readonly buffer: SampleBuffer;
    readonly sums: DeltaSums;
    readonly nowMs: number;
  },
  options: ConverterOptions,
): Converted {
  const out: Converted = {
    points: 0,
    rejected: 0,
    exemplars: 0,
    message: undefined,
    hasNewFamilies: false,
    drops: new Map(),
  };
  const writer = new PointWriter(parts.series, parts.buffer, parts.sums, parts.nowMs);
  for (const resource of request.resourceMetrics) convertResource(resource, writer, out, options);
  out.hasNewFamilies = writer.hasNewFamilies;
  return out;
}

function convertResource(
  { resource, scopeMetrics }: ResourceMetrics,
  writer: PointWriter,
  out: Converted,
  { promoted }: ConverterOptions,
): void {
  const attributes = resource?.attributes ?? [];
  const text = (key: string): string =>
    valueText(attributes.find((attribute) => attribute.key === key)?.value);
  const [namespace, service] = [text("service.namespace"), text("service.name")];
  const target: Record<string, string> = {};
  const job = namespace !== "" && service !== "" ? `${namespace}/${service}` : service;
  if (job !== "") target["job"] = job;
  const instance = text("service.instance.id");
  if (instance !== "") target["instance"] = instance;
  const own = attributes.filter(({ key }) => promoted.includes(key));
  writer.startResource({ ...labelsOfAttributes(own), ...target });
  for (const { metrics } of scopeMetrics)
    for (const metric of metrics) convertMetric(metric, writer, out);
  const rest = labelsOfAttributes(attributes.filter(({ key }) => !identifying.has(key)));
  if (Object.keys(rest).length > 0 && Object.keys(target).length > 0)
    writeTargetInfo({ ...rest, ...target }, writer);
}

function convertMetric(metric: Metric, writer: PointWriter, out: Converted): void {
  const { data } = metric;
  if (data.case === undefined) return;
  const { dataPoints } = data.value;
  out.points += dataPoints.length;
  for (const point of dataPoints) if ("exemplars" in point) out.exemplars += point.exemplars.length;
  let name = "";
  try {
    name = metricName({ name: metric.name, unit: metric.unit, kind: kindOf(data) });
    if ("aggregationTemporality" in data.value) checkTemporality(data.value.aggregationTemporality);
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    reject(out, metric.name, "invalid_sample", thrown.message, dataPoints.length);
    return;
  }
  const type = typeOf(data);
  writer.describe({ name, type, help: metric.description, unit: unitText(metric.unit) });
  for (const write of pointWrites(data, name, writer))
    try {
      write();
    } catch (thrown) {
      if (!(thrown instanceof PointRejectedError)) throw thrown;
      reject(out, metric.name, thrown.reason, thrown.message, 1);
    }
}

/** One function a point, so that each is tried alone. */
function* pointWrites(
  data: Exclude<Metric["data"], { case: undefined }>,
  name: string,
  writer: PointWriter,
): Generator<() => void> {
  switch (data.case) {
    case "gauge":
      for (const point of data.value.dataPoints)
        yield () => writeNumber(writer, name, point, false);
      return;
    case "sum": {
      const isDelta = data.value.aggregationTemporality === AggregationTemporality.DELTA;
      for (const point of data.value.dataPoints)
        yield () => writeNumber(writer, name, point, isDelta);
      return;
    }
    case "histogram": {
      const isDelta = data.value.aggregationTemporality === AggregationTemporality.DELTA;
      for (const point of data.value.dataPoints)
        yield () => writeHistogram(writer, name, point, isDelta);
      return;
    }
    case "exponentialHistogram": {
      const isDelta = data.value.aggregationTemporality === AggregationTemporality.DELTA;
      for (const point of data.value.dataPoints)
        yield () => writeExponential(writer, name, point, isDelta);
      return;
    }
    case "summary":
      for (const point of data.value.dataPoints) yield () => writeSummary(writer, name, point);
  }
}

function checkTemporality(temporality: AggregationTemporality): void {
  if (
    temporality !== AggregationTemporality.DELTA &&
    temporality !== AggregationTemporality.CUMULATIVE
  )
    throw new OperatingError(
      "bad_request",
      "aggregation temporality is neither delta nor cumulative",
    );
}

function kindOf(data: Metric["data"]): "counter" | "gauge" | "other" {
  if (data.case === "sum") return data.value.isMonotonic ? "counter" : "gauge";
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
function writeTargetInfo(labels: Labels, writer: PointWriter): void {
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
  }
}
