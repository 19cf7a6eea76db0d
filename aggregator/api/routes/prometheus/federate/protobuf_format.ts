import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Buckets, type Histogram, usesCustomBuckets } from "#shared/model/histogram.ts";
import { spansOfBuckets } from "#shared/model/histogram_spans.ts";
import { classicBuckets, type FamilyKind, type FederatedFamily } from "./families.ts";

const { Varint, Bit64, LengthDelimited } = WireType;
const types: Readonly<Record<FamilyKind, number>> = {
  untyped: 3,
  histogram: 4,
  gaugehistogram: 5,
};

/**
 * Families as length-delimited io.prometheus.client.MetricFamily messages {name=1, type=3, metric=4} (metrics.proto of
 * prometheus/client_model). Exponential buckets are native; custom ones, for which the format has no
 * words, are classic.
 */
export function federatedProtobuf(families: readonly FederatedFamily[]): Uint8Array<ArrayBuffer> {
  const out = new BinaryWriter();
  for (const { name, kind, samples } of families) {
    out.fork();
    out.tag(1, LengthDelimited).string(name);
    out.tag(3, Varint).int32(types[kind]);
    for (const sample of samples) {
      out.tag(4, LengthDelimited).fork();
      putMetric(out, sample);
      out.join();
    }
    out.join();
  }
  return out.finish();
}

/** Metric{label=1, untyped=5, timestamp_ms=6, histogram=7}. */
function putMetric(out: BinaryWriter, sample: FederatedFamily["samples"][number]): void {
  const { pairs, timeMs, value, histogram } = sample;
  for (const [name, of] of pairs) {
    out.tag(1, LengthDelimited).fork();
    out.tag(1, LengthDelimited).string(name);
    out.tag(2, LengthDelimited).string(of).join();
  }
  out.tag(histogram === undefined ? 5 : 7, LengthDelimited).fork();
  if (histogram === undefined) out.tag(1, Bit64).double(value);
  else if (usesCustomBuckets(histogram)) putClassic(out, histogram);
  else putNative(out, histogram);
  out.join();
  out.tag(6, Varint).int64(timeMs);
}

/**
 * Histogram{sample_count=1, sample_sum=2, bucket=3{cumulative_count=1, upper_bound=2, cumulative_count_float=4},
 * sample_count_float=4}. Counts are whole where all are: readers before Prometheus 3 know no others in classic buckets.
 */
function putClassic(out: BinaryWriter, histogram: Histogram): void {
  const buckets = classicBuckets(histogram);
  const isWhole = buckets.every(({ cumulativeCount }) => Number.isSafeInteger(cumulativeCount));
  const putCount = (count: number): BinaryWriter =>
    isWhole ? out.tag(1, Varint).uint64(count) : out.tag(4, Bit64).double(count);
  putCount(histogram.count);
  out.tag(2, Bit64).double(histogram.sum);
  for (const { bound, cumulativeCount } of buckets) {
    out.tag(3, LengthDelimited).fork();
    putCount(cumulativeCount);
    out.tag(2, Bit64).double(bound).join();
  }
}

/**
 * Histogram{sample_count=1, sample_sum=2, sample_count_float=4, schema=5, zero_threshold=6, zero_count=7,
 * zero_count_float=8, negative_span=9, negative_delta=10, negative_count=11, positive_span=12, positive_delta=13,
 * positive_count=14}. Whole counts are written as such: readers before Prometheus 2.43 know no others.
 */
function putNative(out: BinaryWriter, histogram: Histogram): void {
  const { schema, zeroThreshold, zeroCount, count, sum, positive, negative } = histogram;
  const isWhole = hasWholeCounts(histogram);
  if (isWhole) out.tag(1, Varint).uint64(count);
  else out.tag(4, Bit64).double(count);
  out.tag(2, Bit64).double(sum);
  out.tag(5, Varint).sint32(schema);
  out.tag(6, Bit64).double(zeroThreshold);
  if (isWhole) out.tag(7, Varint).uint64(zeroCount);
  else out.tag(8, Bit64).double(zeroCount);
  putBuckets(out, 9, negative, isWhole);
  putBuckets(out, 12, positive, isWhole);
  const isBare = negative.indices.length + positive.indices.length === 0;
  // Nothing else would tell it from a classic one: client_model has an empty span for that.
  if (isBare && zeroThreshold === 0 && zeroCount === 0) putSpan(out, 12, 0, 0);
}

/** Whether readers take it for a histogram of whole counts: of those they demand that the buckets hold all observations but NaN. */
function hasWholeCounts({ count, sum, zeroCount, positive, negative }: Histogram): boolean {
  let total = zeroCount;
  for (const { counts } of [positive, negative]) {
    if (!counts.every((one) => Number.isSafeInteger(one))) return false;
    for (const one of counts) total += one;
  }
  if (![count, zeroCount, total].every((one) => Number.isSafeInteger(one))) return false;
  return Number.isNaN(sum) ? total <= count : total === count;
}

/** Spans, and behind them, packed, differences of whole counts or else the counts. */
function putBuckets(out: BinaryWriter, field: number, buckets: Buckets, isWhole: boolean): void {
  const { indices, counts } = buckets;
  if (indices.length === 0) return;
  for (const { offset, length } of spansOfBuckets(buckets)) putSpan(out, field, offset, length);
  out.tag(field + (isWhole ? 1 : 2), LengthDelimited).fork();
  let before = 0;
  for (const count of counts) {
    if (isWhole) out.sint64(count - before);
    else out.double(count);
    before = count;
  }
  out.join();
}

/** BucketSpan{offset=1, length=2}. */
function putSpan(out: BinaryWriter, field: number, offset: number, length: number): void {
  out.tag(field, LengthDelimited).fork();
  out.tag(1, Varint).sint32(offset);
  out.tag(2, Varint).uint32(length).join();
}
