import { histogramBucketsMax } from "#shared/model/histogram_checks.ts";
import type { CounterResetHint, Histogram } from "#shared/model/histogram.ts";
import {
  type BucketSpan,
  bucketsOfSpans,
  checkedHistogram,
  countsOfDeltas,
} from "#shared/model/histogram_spans.ts";
import type { ProtobufCursor } from "#shared/text/exposition/protobuf_cursor.ts";

/** Fields of prometheus.Histogram (1.0) and io.prometheus.write.v2.Histogram, which are the same but for the last. */
const fields = {
  count: 1,
  countFloat: 2,
  sum: 3,
  schema: 4,
  zeroThreshold: 5,
  zeroCount: 6,
  zeroCountFloat: 7,
  negativeSpans: 8,
  negativeDeltas: 9,
  negativeCounts: 10,
  positiveSpans: 11,
  positiveDeltas: 12,
  positiveCounts: 13,
  resetHint: 14,
  timestamp: 15,
  customValues: 16,
  startTimestamp: 17,
} as const;

/** Where a field's wire type is length-delimited: a message, or packed numbers. */
const delimited = 2;
const gaugeHint = 3;

export type WrittenHistogram = {
  readonly timestampMs: number;
  /** The two halves of the sum: a stale marker there makes the histogram one. */
  readonly sumLow: number;
  readonly sumHigh: number;
  /** Undefined where it is none that can be stored. */
  readonly histogram: Histogram | undefined;
  /** Unix milliseconds; 0 where it is not told. */
  readonly startMs: number;
};

/** Reads the message that ends at `end`. Throws ExpositionError for bytes that are no such message. */
export function readHistogram(cursor: ProtobufCursor, end: number): WrittenHistogram {
  const numbers = new Map<number, number>();
  const lists = new Map<number, number[]>();
  const spans = new Map<number, BucketSpan[]>();
  let [timestampMs, sumLow, sumHigh] = [0, 0, 0];
  while (cursor.at < end) {
    const tag = cursor.varint(end);
    const [field, wire] = [tag >>> 3, tag & 7];
    if (field === 0) cursor.fail("field number 0");
    if (field === fields.negativeSpans || field === fields.positiveSpans) {
      if (wire !== delimited) cursor.fail("spans of another type");
      append(listOf(spans, field), readSpan(cursor, cursor.lengthEnd(end)));
    } else if (isList(field)) {
      const list = listOf(lists, field);
      if (wire !== delimited) append(list, readNumber(cursor, field, wire, end));
      else {
        const listEnd = cursor.lengthEnd(end);
        const each = isDelta(field) ? 0 : 1;
        while (cursor.at < listEnd) append(list, readNumber(cursor, field, each, listEnd));
      }
    } else if (field === fields.timestamp && wire === 0) timestampMs = cursor.int64(end);
    else if (field <= fields.startTimestamp && wire <= 1) {
      numbers.set(field, readNumber(cursor, field, wire, end));
      if (field !== fields.sum) continue;
      const view = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.at - 8, 8);
      [sumLow, sumHigh] = [view.getUint32(0, true), view.getUint32(4, true)];
    } else cursor.skip(tag, end);
  }
  const histogram = histogramOf(numbers, lists, spans);
  const startMs = numbers.get(fields.startTimestamp) ?? 0;
  return { timestampMs, sumLow, sumHigh, histogram, startMs };
}

function histogramOf(
  numbers: ReadonlyMap<number, number>,
  lists: ReadonlyMap<number, number[]>,
  spans: ReadonlyMap<number, BucketSpan[]>,
): Histogram | undefined {
  const isFloat = numbers.has(fields.countFloat);
  const side = (spanField: number, deltaField: number, countField: number) =>
    bucketsOfSpans(
      spans.get(spanField) ?? [],
      isFloat ? (lists.get(countField) ?? []) : countsOfDeltas(lists.get(deltaField) ?? []),
    );
  const positive = side(fields.positiveSpans, fields.positiveDeltas, fields.positiveCounts);
  const negative = side(fields.negativeSpans, fields.negativeDeltas, fields.negativeCounts);
  if (positive === undefined || negative === undefined) return undefined;
  const number = (field: number) => numbers.get(field) ?? 0;
  const counterResetHint: CounterResetHint =
    number(fields.resetHint) === gaugeHint ? "gauge" : "unknown";
  return checkedHistogram({
    schema: unzigzag(number(fields.schema)),
    zeroThreshold: number(fields.zeroThreshold),
    zeroCount: number(isFloat ? fields.zeroCountFloat : fields.zeroCount),
    count: number(isFloat ? fields.countFloat : fields.count),
    sum: number(fields.sum),
    positive,
    negative,
    customValues: lists.get(fields.customValues) ?? [],
    counterResetHint,
  });
}

function isDelta(field: number): boolean {
  return field === fields.negativeDeltas || field === fields.positiveDeltas;
}

function isList(field: number): boolean {
  return (
    isDelta(field) ||
    field === fields.negativeCounts ||
    field === fields.positiveCounts ||
    field === fields.customValues
  );
}

function readNumber(cursor: ProtobufCursor, field: number, wire: number, end: number): number {
  if (wire === 1) return cursor.double(end);
  if (wire !== 0) cursor.fail(`invalid wire type ${wire}`);
  const value = cursor.varint(end);
  return isDelta(field) ? unzigzag(value) : value;
}

function readSpan(cursor: ProtobufCursor, end: number): BucketSpan {
  let [offset, length] = [0, 0];
  while (cursor.at < end) {
    const tag = cursor.varint(end);
    if (tag === 8) offset = unzigzag(cursor.varint(end));
    else if (tag === 16) length = cursor.varint(end);
    else cursor.skip(tag, end);
  }
  return { offset, length };
}

function listOf<Entry>(lists: Map<number, Entry[]>, field: number): Entry[] {
  const known = lists.get(field);
  if (known !== undefined) return known;
  const list: Entry[] = [];
  lists.set(field, list);
  return list;
}

/** One more than there may be is enough to be refused by. */
function append<Entry>(list: Entry[], entry: Entry): void {
  if (list.length <= histogramBucketsMax) list.push(entry);
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
