import type {
  ExponentialHistogramDataPoint,
  HistogramDataPoint,
  NumberDataPoint,
  SummaryDataPoint,
} from "#proto/gen/foreign/otlp_metrics_pb.js";
import type { KeyValue } from "#proto/gen/foreign/otlp_common_pb.js";
import { labelsOfAttributes } from "./attributes.ts";
import { PointRejectedError, type PointSample, type PointWriter } from "./point_writer.ts";

/** Bit 0 of a point's flags: no recorded value. */
const noValueFlag = 1;
const bucketsMax = 10_000;

type AnyPoint = {
  readonly attributes: readonly KeyValue[];
  readonly flags: number;
};

function traits({ attributes, flags }: AnyPoint, isDelta: boolean) {
  return {
    attributes: labelsOfAttributes(attributes),
    isStale: (flags & noValueFlag) !== 0,
    isDelta,
  };
}

/** A gauge's or sum's point: one sample. */
export function writeNumber(
  writer: PointWriter,
  name: string,
  point: NumberDataPoint,
  isDelta: boolean,
): void {
  const { value } = point;
  const own = traits(point, isDelta);
  if (value.case === undefined && !own.isStale)
    throw new PointRejectedError("invalid_sample", "a data point has no value");
  const samples = [{ name, extra: {}, value: Number(value.value ?? 0) }];
  writer.write(writer.time(point.timeUnixNano), samples, own);
}

/** Classic buckets, cumulative and with +Inf, then count, and sum where there is one. */
export function writeHistogram(
  writer: PointWriter,
  name: string,
  point: HistogramDataPoint,
  isDelta: boolean,
): void {
  const { explicitBounds: bounds, bucketCounts: counts } = point;
  const own = traits(point, isDelta);
  if (counts.length > bucketsMax)
    throw new PointRejectedError(
      "invalid_sample",
      `${counts.length} buckets, at most ${bucketsMax}`,
    );
  if (counts.length > 0 && counts.length !== bounds.length + 1)
    throw new PointRejectedError(
      "invalid_sample",
      `${counts.length} bucket counts do not fit ${bounds.length} bounds`,
    );
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
  writer.write(writer.time(point.timeUnixNano), samples, own);
}

/** Count and sum are stored; the buckets are not, which the sender is told. Throws PointRejectedError always. */
export function writeExponential(
  writer: PointWriter,
  name: string,
  point: ExponentialHistogramDataPoint,
  isDelta: boolean,
): void {
  const samples: PointSample[] = [
    { name: `${name}_count`, extra: {}, value: Number(point.count) },
    ...(point.sum === undefined ? [] : [{ name: `${name}_sum`, extra: {}, value: point.sum }]),
  ];
  writer.write(writer.time(point.timeUnixNano), samples, traits(point, isDelta));
  throw new PointRejectedError(
    "unsupported_histogram",
    "of exponential histograms only count and sum are stored",
  );
}

export function writeSummary(writer: PointWriter, name: string, point: SummaryDataPoint): void {
  if (point.quantileValues.length > bucketsMax)
    throw new PointRejectedError("invalid_sample", `${point.quantileValues.length} quantiles`);
  const samples: PointSample[] = point.quantileValues.map(({ quantile, value }) => ({
    name,
    extra: { quantile: plainFloat(quantile) },
    value,
  }));
  samples.push({ name: `${name}_count`, extra: {}, value: Number(point.count) });
  samples.push({ name: `${name}_sum`, extra: {}, value: point.sum });
  writer.write(writer.time(point.timeUnixNano), samples, traits(point, false));
}

/** A bound as Prometheus writes those of OTLP: decimal, shortest, never with an exponent. */
export function plainFloat(value: number): string {
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
