import type { KeyValue } from "#proto/gen/foreign/otlp_common_pb.js";
import type {
  Exemplar,
  ExponentialHistogramDataPoint,
  HistogramDataPoint,
  NumberDataPoint,
  SummaryDataPoint,
} from "#proto/gen/foreign/otlp_metrics_pb.js";
import type { Histogram } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";
import { customHistogram, exponentialHistogram } from "./native_histogram.ts";
import { PointRejectedError, type PointSample, type PointWriter } from "./point_writer.ts";

/** Bit 0 of a point's flags: no recorded value. */
const noValueFlag = 1;
const bucketsMax = 10_000;

/** What the points of one metric have in common. */
export type MetricTraits = {
  readonly name: string;
  readonly isDelta: boolean;
  readonly labelsOf: (attributes: readonly KeyValue[]) => Labels;
};

type AnyPoint = {
  readonly attributes: readonly KeyValue[];
  readonly flags: number;
  readonly startTimeUnixNano: bigint;
  readonly exemplars?: readonly Exemplar[];
};

function isStale({ flags }: AnyPoint): boolean {
  return (flags & noValueFlag) !== 0;
}

function traits(point: AnyPoint, { isDelta, labelsOf }: MetricTraits) {
  const { startTimeUnixNano: startUnixNano, exemplars = [] } = point;
  const attributes = labelsOf(point.attributes);
  return { attributes, isStale: isStale(point), isDelta, startUnixNano, exemplars };
}

/** A gauge's or sum's point: one sample. */
export function writeNumber(
  writer: PointWriter,
  metric: MetricTraits,
  point: NumberDataPoint,
): void {
  const { value } = point;
  if (value.case === undefined && !isStale(point))
    throw new PointRejectedError("invalid_sample", "a data point has no value");
  const samples = [{ name: metric.name, extra: {}, value: Number(value.value ?? 0) }];
  writer.write(writer.time(point.timeUnixNano), samples, traits(point, metric));
}

/** Classic buckets, cumulative and with +Inf, then count, and sum where there is one. */
export function writeHistogram(
  writer: PointWriter,
  metric: MetricTraits,
  point: HistogramDataPoint,
): void {
  const { explicitBounds: bounds, bucketCounts: counts } = point;
  checkBuckets(point);
  const { name } = metric;
  const count = Number(point.count);
  const samples: PointSample[] = [];
  let below = 0;
  bounds.slice(0, counts.length).forEach((bound, i) => {
    below += Number(counts[i] ?? 0n);
    if (bound === Infinity) return;
    samples.push({ name: `${name}_bucket`, extra: { le: plainFloat(bound) }, value: below });
  });
  samples.push({ name: `${name}_bucket`, extra: { le: "+Inf" }, value: count });
  samples.push({ name: `${name}_count`, extra: {}, value: count });
  if (point.sum !== undefined) samples.push({ name: `${name}_sum`, extra: {}, value: point.sum });
  writer.write(writer.time(point.timeUnixNano), samples, traits(point, metric));
}

function checkBuckets({ explicitBounds: bounds, bucketCounts: counts }: HistogramDataPoint): void {
  if (counts.length > bucketsMax || bounds.length > bucketsMax)
    throw new PointRejectedError(
      "invalid_sample",
      `${Math.max(counts.length, bounds.length)} buckets, at most ${bucketsMax}`,
    );
  if (counts.length > 0 && counts.length !== bounds.length + 1)
    throw new PointRejectedError(
      "invalid_sample",
      `${counts.length} bucket counts do not fit ${bounds.length} bounds`,
    );
  const ascends = (bound: number, i: number): boolean =>
    i === 0 ? !Number.isNaN(bound) : bound > (bounds[i - 1] ?? Number.NaN);
  if (!bounds.every(ascends))
    throw new PointRejectedError("invalid_sample", "bounds of buckets do not ascend");
}

/** One native histogram with custom buckets. */
export function writeCustomHistogram(
  writer: PointWriter,
  metric: MetricTraits,
  point: HistogramDataPoint,
): void {
  checkBuckets(point);
  writeNative(writer, metric, point, customHistogram);
}

/** One native histogram. */
export function writeExponential(
  writer: PointWriter,
  metric: MetricTraits,
  point: ExponentialHistogramDataPoint,
): void {
  writeNative(writer, metric, point, exponentialHistogram);
}

function writeNative<Point extends AnyPoint & { readonly timeUnixNano: bigint }>(
  writer: PointWriter,
  metric: MetricTraits,
  point: Point,
  convert: (point: Point) => Histogram,
): void {
  // What a point without a value holds beside its flag counts for nothing.
  const value = isStale(point) ? 0 : convert(point);
  const samples = [{ name: metric.name, extra: {}, value }];
  writer.write(writer.time(point.timeUnixNano), samples, traits(point, metric));
}

export function writeSummary(
  writer: PointWriter,
  metric: MetricTraits,
  point: SummaryDataPoint,
): void {
  const { quantileValues: quantiles } = point;
  if (quantiles.length > bucketsMax)
    throw new PointRejectedError("invalid_sample", `${quantiles.length} quantiles`);
  if (new Set(quantiles.map(({ quantile }) => quantile)).size < quantiles.length)
    throw new PointRejectedError("invalid_sample", "a quantile is there twice");
  const { name } = metric;
  const samples: PointSample[] = quantiles.map(({ quantile, value }) => ({
    name,
    extra: { quantile: plainFloat(quantile) },
    value,
  }));
  samples.push({ name: `${name}_count`, extra: {}, value: Number(point.count) });
  samples.push({ name: `${name}_sum`, extra: {}, value: point.sum });
  writer.write(writer.time(point.timeUnixNano), samples, traits(point, metric));
}

/** A bound as Prometheus writes those of OTLP: decimal, shortest, never with an exponent. */
function plainFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const [mantissa = "", exponentText = "0"] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const point = 1 + Number(exponentText);
  const sign = value < 0 ? "-" : "";
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`.replace(/^0\.0+$/, "0");
  const whole = digits.slice(0, point).padEnd(point, "0");
  const fraction = digits.slice(point);
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}
