import type { Histogram } from "../../model/histogram.ts";
import {
  type BucketSpan,
  bucketsOfSpans,
  checkedHistogram,
  countsOfDeltas,
} from "../../model/histogram_spans.ts";
import type { ProtobufCursor } from "./protobuf_cursor.ts";

type Side = { spans: BucketSpan[]; deltas: number[]; counts: number[] };

/** Tags of io.prometheus.client.Histogram; numbers of a list come one by one or packed. */
const tags = {
  schema: 40,
  zeroThreshold: 49,
  zeroCount: 56,
  zeroCountFloat: 65,
  negativeSpan: 74,
  negativeDelta: 80,
  negativeDeltas: 82,
  negativeCount: 89,
  negativeCounts: 90,
  positiveSpan: 98,
  positiveDelta: 104,
  positiveDeltas: 106,
  positiveCount: 113,
  positiveCounts: 114,
} as const;

/** The native part of a histogram message, reused from message to message. */
export class NativeHistogram {
  /** Whether the message has a native part: a zero bucket or a span, though it may be empty. */
  isPresent = false;
  #schema = 0;
  #zeroThreshold = 0;
  #zeroCount = 0;
  #zeroCountFloat = 0;
  readonly #positive: Side = { spans: [], deltas: [], counts: [] };
  readonly #negative: Side = { spans: [], deltas: [], counts: [] };

  clear(): void {
    this.isPresent = false;
    this.#schema = 0;
    this.#zeroThreshold = 0;
    this.#zeroCount = 0;
    this.#zeroCountFloat = 0;
    for (const list of [this.#positive, this.#negative].flatMap((one) => Object.values(one)))
      list.length = 0;
  }

  /** Reads the value of a field; false, and nothing is read, where it is none of the native part. */
  read(tag: number, cursor: ProtobufCursor, end: number): boolean {
    if (tag === tags.schema) this.#schema = unzigzag(cursor.varint(end));
    else if (tag === tags.zeroThreshold) this.#zeroThreshold = cursor.double(end);
    else if (tag === tags.zeroCount) this.#zeroCount = cursor.varint(end);
    else if (tag === tags.zeroCountFloat) this.#zeroCountFloat = cursor.double(end);
    else return this.#readSides(tag, cursor, end);
    if (tag !== tags.schema)
      this.isPresent ||= this.#zeroThreshold > 0 || this.#zeroCount > 0 || this.#zeroCountFloat > 0;
    return true;
  }

  #readSides(tag: number, cursor: ProtobufCursor, end: number): boolean {
    const [positive, negative] = [this.#positive, this.#negative];
    if (tag === tags.positiveSpan) this.#readSpan(positive, cursor, cursor.lengthEnd(end));
    else if (tag === tags.negativeSpan) this.#readSpan(negative, cursor, cursor.lengthEnd(end));
    else if (tag === tags.positiveDelta) positive.deltas.push(unzigzag(cursor.varint(end)));
    else if (tag === tags.negativeDelta) negative.deltas.push(unzigzag(cursor.varint(end)));
    else if (tag === tags.positiveDeltas) readDeltas(positive, cursor, cursor.lengthEnd(end));
    else if (tag === tags.negativeDeltas) readDeltas(negative, cursor, cursor.lengthEnd(end));
    else if (tag === tags.positiveCount) positive.counts.push(cursor.double(end));
    else if (tag === tags.negativeCount) negative.counts.push(cursor.double(end));
    else if (tag === tags.positiveCounts) readCounts(positive, cursor, cursor.lengthEnd(end));
    else if (tag === tags.negativeCounts) readCounts(negative, cursor, cursor.lengthEnd(end));
    else return false;
    return true;
  }

  #readSpan({ spans }: Side, cursor: ProtobufCursor, end: number): void {
    this.isPresent = true;
    let [offset, length] = [0, 0];
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === 8) offset = unzigzag(cursor.varint(end));
      else if (tag === 16) length = cursor.varint(end);
      else cursor.skip(tag, end);
    }
    spans.push({ offset, length });
  }

  /** With the message's count and sum; undefined where it is none that can be stored. */
  histogram(count: number, sum: number, isFloat: boolean, isGauge: boolean): Histogram | undefined {
    const [positive, negative] = [this.#positive, this.#negative].map(({ spans, deltas, counts }) =>
      bucketsOfSpans(spans, isFloat ? counts : countsOfDeltas(deltas)),
    );
    if (positive === undefined || negative === undefined) return undefined;
    return checkedHistogram({
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: isFloat ? this.#zeroCountFloat : this.#zeroCount,
      count,
      sum,
      positive,
      negative,
      customValues: [],
      counterResetHint: isGauge ? "gauge" : "unknown",
    });
  }
}

function readDeltas({ deltas }: Side, cursor: ProtobufCursor, end: number): void {
  while (cursor.at < end) deltas.push(unzigzag(cursor.varint(end)));
}

function readCounts({ counts }: Side, cursor: ProtobufCursor, end: number): void {
  while (cursor.at < end) counts.push(cursor.double(end));
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
