import { ByteWriter, zigzag } from "#proto/codec/byte_writer.ts";
import type { SeriesSamples } from "#aggregator/read/source.ts";
import { customSchema, type Buckets, type Histogram } from "#shared/model/histogram.ts";
import { spansOfBuckets } from "#shared/model/histogram_spans.ts";
import type { Labels } from "#shared/model/labels.ts";
import { wordsOf } from "#shared/model/special_values.ts";
import { chunkSamplesMax, type XorChunkWriter } from "./xor_chunk.ts";

/**
 * Messages of prompb, written field by field: an object a sample would cost more than the answer, and a library that takes
 * values as numbers would lose the bits of stale markers.
 */

/** Tags: field number and wire type (0 varint, 1 eight bytes, 2 a length and bytes). */
const tag = (field: number, wire: 0 | 1 | 2): number => field * 8 + wire;
/** Tag, varint and double of a sample at most. */
const sampleBytesMax = 32;

/** Label{name=1, value=2} as field 1, in the order of names. */
function putLabels(out: ByteWriter, labels: Labels, scratch: ByteWriter): void {
  for (const name of Object.keys(labels).toSorted()) {
    scratch.clear();
    scratch.ensure(2);
    scratch.byte(tag(1, 2));
    scratch.text(name);
    scratch.ensure(2);
    scratch.byte(tag(2, 2));
    scratch.text(labels[name] ?? "");
    putBlock(out, 1, scratch.written());
  }
}

export function putBlock(out: ByteWriter, field: number, block: Uint8Array): void {
  out.ensure(16);
  out.varint(tag(field, 2));
  out.varint(block.length);
  out.block(block);
}

/** int64 as a varint; what is negative takes ten bytes. */
function putInt64(out: ByteWriter, value: number): void {
  if (value >= 0) {
    out.varint(value);
    return;
  }
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) out.byte(Number(rest & 0x7fn) | 0x80);
  out.byte(Number(rest));
}

/** TimeSeries{labels=1, samples=2, histograms=4}. */
export function putTimeSeries(out: ByteWriter, series: SeriesSamples, scratch: ByteWriter): void {
  const { labels, timestampsMs, values, histograms } = series;
  putLabels(out, labels, scratch);
  const words = wordsOf(values);
  for (let i = 0; i < values.length; i++) {
    const timeMs = timestampsMs[i] ?? 0;
    const histogram = histograms?.[i];
    scratch.clear();
    if (histogram === undefined) {
      scratch.ensure(sampleBytesMax);
      scratch.byte(tag(1, 1));
      scratch.words(words[2 * i] ?? 0, words[2 * i + 1] ?? 0);
      scratch.byte(tag(2, 0));
      putInt64(scratch, timeMs);
      putBlock(out, 2, scratch.written());
    } else {
      putHistogram(scratch, histogram, timeMs);
      putBlock(out, 4, scratch.written());
    }
  }
}

const resetHints = { unknown: 0, reset: 1, not_reset: 2, gauge: 3 } as const;

/** Histogram with float counts. */
function putHistogram(out: ByteWriter, histogram: Histogram, timeMs: number): void {
  out.ensure(128);
  putDouble(out, 2, histogram.count);
  putDouble(out, 3, histogram.sum);
  out.byte(tag(4, 0));
  out.varint(zigzag(histogram.schema));
  putDouble(out, 5, histogram.zeroThreshold);
  putDouble(out, 7, histogram.zeroCount);
  putSpans(out, 8, histogram.negative);
  putDoubles(out, 10, histogram.negative.counts);
  putSpans(out, 11, histogram.positive);
  putDoubles(out, 13, histogram.positive.counts);
  out.ensure(32);
  out.byte(tag(14, 0));
  out.varint(resetHints[histogram.counterResetHint]);
  out.byte(tag(15, 0));
  putInt64(out, timeMs);
  if (histogram.schema === customSchema)
    putDoubles(out, 16, Float64Array.from(histogram.customValues));
}

function putDouble(out: ByteWriter, field: number, value: number): void {
  const [low = 0, high = 0] = wordsOf(Float64Array.of(value));
  out.byte(tag(field, 1));
  out.words(low, high);
}

function putDoubles(out: ByteWriter, field: number, values: Float64Array): void {
  if (values.length === 0) return;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  putBlock(out, field, bytes);
}

/** BucketSpan{offset sint32=1, length=2}: the first from bucket 0, each further one from the end of the one before. */
function putSpans(out: ByteWriter, field: number, buckets: Buckets): void {
  const scratch = new ByteWriter();
  for (const { offset, length } of spansOfBuckets(buckets)) {
    scratch.clear();
    scratch.ensure(32);
    scratch.byte(tag(1, 0));
    scratch.varint(zigzag(offset));
    scratch.byte(tag(2, 0));
    scratch.varint(length);
    putBlock(out, field, scratch.written());
  }
}

/** A frame holds at most about this much of one series. */
const frameBytes = 1_048_576;
const xorEncoding = 1;

/**
 * The ChunkedReadResponse{chunked_series=1, query_index=2} messages of one series of numbers: one, or more where its
 * chunks are larger than a frame should be.
 */
export function* chunkedSeries(
  { labels, timestampsMs, values }: SeriesSamples,
  queryIndex: number,
  chunks: XorChunkWriter,
): Generator<Uint8Array> {
  const [series, response, scratch] = [new ByteWriter(), new ByteWriter(), new ByteWriter()];
  const words = wordsOf(values);
  for (let from = 0; from < values.length;) {
    series.clear();
    response.clear();
    putLabels(series, labels, scratch);
    do {
      const to = Math.min(from + chunkSamplesMax, values.length);
      scratch.clear();
      scratch.ensure(64);
      // Chunk{min_time_ms=1, max_time_ms=2, type=3, data=4}.
      scratch.byte(tag(1, 0));
      putInt64(scratch, timestampsMs[from] ?? 0);
      scratch.byte(tag(2, 0));
      putInt64(scratch, timestampsMs[to - 1] ?? 0);
      scratch.byte(tag(3, 0));
      scratch.varint(xorEncoding);
      putBlock(scratch, 4, chunks.chunk(timestampsMs, words, from, to));
      putBlock(series, 2, scratch.written());
      from = to;
    } while (from < values.length && series.length < frameBytes);
    putBlock(response, 1, series.written());
    response.ensure(16);
    if (queryIndex > 0) {
      response.byte(tag(2, 0));
      response.varint(queryIndex);
    }
    yield response.written();
  }
}
