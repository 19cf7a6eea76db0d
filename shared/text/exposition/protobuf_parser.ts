import type { BodyReader } from "./body_reader.ts";
import { canonicalFloat } from "./go_float.ts";
import { NativeHistogram } from "./native_histogram.ts";
import { type ReadExemplar, readExemplar, readTimestamp } from "./protobuf_exemplar.ts";
import { ProtobufCursor } from "./protobuf_cursor.ts";
import { readLabel } from "./protobuf_label.ts";
import { familyTags, isValueTag, metricTags, metricTypes, valueTagOf } from "./protobuf_tags.ts";
import type { SampleColumns } from "./sample_columns.ts";
import { type ExposedLabels, type Family, type SeriesIndex, lineKinds } from "./series_index.ts";
import { decodeUtf8 } from "./series_text.ts";

/** One label that the parser adds itself: a bucket's or quantile's bound. */
type Bound = { readonly label: "le" | "quantile"; readonly value: number };

/** Parts of a histogram or summary, reused from metric to metric. */
type Parts = {
  count: number;
  sum: number;
  hasFloatCount: boolean;
  bounds: number[];
  values: number[];
  /** By the place of the bucket. */
  exemplars: (ReadExemplar | undefined)[];
};

/** Of histograms that have native buckets: whether to take those, and the classic ones beside them. */
export type WantedHistograms = { readonly native: boolean; readonly classic: boolean };

const metricsPerAsking = 16;
/** Of a series: longer labels would take the thread for too long at once. */
const keyBytesMax = 1024 ** 2;

const classicAlone: WantedHistograms = { native: false, classic: true };

/**
 * Reads a whole body of length-delimited MetricFamily messages (contract of prometheus/client_model). Series are
 * recognised by name, suffix and the bytes of their labels. Native histograms stand in out.histograms where they are
 * wanted. Where not, only count and sum are taken of those without classic buckets, and counted in out.nativeHistograms. Throws
 * ExpositionError, and nothing of `out` is to be used.
 */
export function parseProtobuf(
  bytes: Uint8Array,
  index: SeriesIndex,
  out: SampleColumns,
  wanted: WantedHistograms = classicAlone,
): void {
  protobufReader(bytes, index, out, wanted).read();
}

/** The same in steps. */
export function protobufReader(
  bytes: Uint8Array,
  index: SeriesIndex,
  out: SampleColumns,
  wanted: WantedHistograms = classicAlone,
): BodyReader {
  out.clear();
  index.body++;
  return new FamilyParser(new ProtobufCursor(bytes), index, out, wanted);
}

class FamilyParser implements BodyReader {
  readonly #cursor: ProtobufCursor;
  readonly #index: SeriesIndex;
  readonly #out: SampleColumns;
  /** name 0xff type 0xff, the bytes of the labels, suffix, bound: never a key of the text formats. */
  #key = new Uint8Array(1_024);
  #keyView = new DataView(this.#key.buffer);
  #nameLength = 0;
  #labelsLength = 0;
  #previous = -1;
  #family: Family | undefined;
  /** Of the family whose metrics are read. */
  #familyEnd = 0;
  #type = 0;
  #timestampMs: number | undefined;
  /** Since when the metric counts; 0 where it does not say. */
  #startMs = 0;
  readonly #wanted: WantedHistograms;
  readonly #native = new NativeHistogram();
  readonly #parts: Parts = {
    count: 0,
    sum: 0,
    hasFloatCount: false,
    bounds: [],
    values: [],
    exemplars: [],
  };

  constructor(
    cursor: ProtobufCursor,
    index: SeriesIndex,
    out: SampleColumns,
    wanted: WantedHistograms,
  ) {
    this.#wanted = wanted;
    this.#cursor = cursor;
    this.#index = index;
    this.#out = out;
  }

  read(isDue?: () => boolean): boolean {
    const cursor = this.#cursor;
    const { length } = cursor.bytes;
    let untilAsked = isDue === undefined ? Infinity : metricsPerAsking;
    for (;;) {
      if (untilAsked-- <= 0) {
        untilAsked = metricsPerAsking;
        if (isDue?.() === true) return false;
      }
      if (cursor.at < this.#familyEnd) this.#nextField();
      else if (cursor.at < length) this.#beginFamily(cursor.lengthEnd(length));
      else return true;
    }
  }

  /** Of the second pass over a family. */
  #nextField(): void {
    const cursor = this.#cursor;
    const end = this.#familyEnd;
    const tag = cursor.varint(end);
    if (tag === familyTags.metric) this.#metric(cursor.lengthEnd(end), this.#type);
    else cursor.skip(tag, end);
  }

  /** A MetricFamily; its fields may stand in any order, so the metrics are read in a second pass. */
  #beginFamily(end: number): void {
    const cursor = this.#cursor;
    const start = cursor.at;
    let [name, help, unit, type] = ["", "", "", 0];
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === familyTags.name) name = this.#text(end);
      else if (tag === familyTags.help) help = this.#text(end);
      else if (tag === familyTags.unit) unit = this.#text(end);
      else if (tag === familyTags.type) type = cursor.varint(end);
      else cursor.skip(tag, end);
    }
    if (name === "") cursor.fail("metric family without a name");
    const family = this.#index.family(name);
    const named = metricTypes[type] ?? cursor.fail(`invalid metric type ${type}`);
    if (family.type !== named || family.help !== help || family.unit !== unit) {
      this.#index.beforeChange();
      Object.assign(family, { type: named, help, unit });
      this.#index.changedFamilies.add(family);
    }
    this.#family = family;
    this.#startKey(name, type);
    cursor.at = start;
    this.#familyEnd = end;
    this.#type = type;
  }

  #metric(end: number, type: number): void {
    const cursor = this.#cursor;
    this.#labelsLength = this.#nameLength;
    this.#timestampMs = undefined;
    let [valueAt, valueEnd] = [-1, -1];
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === metricTags.label) {
        const start = cursor.at;
        cursor.at = cursor.lengthEnd(end);
        this.#appendLabel(start, cursor.at);
      } else if (tag === metricTags.timestampMs) {
        const timestampMs = cursor.int64(end);
        this.#timestampMs = timestampMs === 0 ? undefined : timestampMs;
      } else if (isValueTag(tag)) {
        valueEnd = cursor.lengthEnd(end);
        valueAt = cursor.at;
        if (tag !== valueTagOf(type))
          cursor.fail(`value does not fit metric type ${metricTypes[type]}`);
        cursor.at = valueEnd;
      } else cursor.skip(tag, end);
    }
    if (valueAt < 0) cursor.fail("metric without a value");
    cursor.at = valueAt;
    const first = this.#out.length;
    this.#startMs = 0;
    if (type === 2) this.#summary(valueEnd);
    else if (type === 4 || type === 5) this.#histogram(valueEnd, type);
    else this.#simple(valueEnd);
    if (this.#startMs > 0)
      for (let i = first; i < this.#out.length; i++) this.#out.starts.set(i, this.#startMs);
    cursor.at = end;
  }

  #simple(end: number): void {
    const cursor = this.#cursor;
    let value = 0;
    let exemplar: ReadExemplar | undefined;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === 9) value = cursor.double(end);
      else if (tag === 18) exemplar = readExemplar(cursor, cursor.lengthEnd(end));
      else if (tag === 26) this.#startMs = readTimestamp(cursor, cursor.lengthEnd(end));
      else cursor.skip(tag, end);
    }
    this.#addExemplar(exemplar);
    this.#emit("", undefined, value);
  }

  /** Of the sample that is emitted next. */
  #addExemplar(exemplar: ReadExemplar | undefined): void {
    if (exemplar === undefined) return;
    const { labels, ...rest } = exemplar;
    if (labels === undefined) this.#out.invalidExemplars++;
    else this.#out.exemplars.push({ i: this.#out.length, labels, ...rest });
  }

  #summary(end: number): void {
    const parts = this.#clearParts();
    const cursor = this.#cursor;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === 8) parts.count = cursor.varint(end);
      else if (tag === 17) parts.sum = cursor.double(end);
      else if (tag === 26) this.#quantile(cursor.lengthEnd(end));
      else if (tag === 34) this.#startMs = readTimestamp(cursor, cursor.lengthEnd(end));
      else cursor.skip(tag, end);
    }
    this.#emit("_count", undefined, parts.count);
    this.#emit("_sum", undefined, parts.sum);
    this.#emitBounds("", "quantile");
  }

  #quantile(end: number): void {
    const cursor = this.#cursor;
    let [bound, value] = [0, 0];
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === 9) bound = cursor.double(end);
      else if (tag === 17) value = cursor.double(end);
      else cursor.skip(tag, end);
    }
    this.#parts.bounds.push(bound);
    this.#parts.values.push(value);
  }

  #histogram(end: number, type: number): void {
    const parts = this.#clearParts();
    const native: ReadExemplar[] = [];
    const cursor = this.#cursor;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === 8 && !parts.hasFloatCount) parts.count = cursor.varint(end);
      else if (tag === 33) this.#floatCount(cursor.double(end));
      else if (tag === 17) parts.sum = cursor.double(end);
      else if (tag === 26) this.#bucket(cursor.lengthEnd(end));
      else if (tag === 122) this.#startMs = readTimestamp(cursor, cursor.lengthEnd(end));
      else if (tag === 130) native.push(readExemplar(cursor, cursor.lengthEnd(end)));
      else if (!this.#native.read(tag, cursor, end)) cursor.skip(tag, end);
    }
    const isGauge = type === 5;
    const own = native.length > 0 ? native : parts.exemplars;
    if (this.#wanted.native && this.#native.isPresent) {
      // Without a time of its own nobody can tell one that is shown again from a new one.
      this.#emitNative(
        isGauge,
        own.filter((one) => one?.timestampMs !== undefined),
      );
      if (!this.#wanted.classic || parts.bounds.length === 0) return;
    }
    this.#emit(isGauge ? "_gcount" : "_count", undefined, parts.count);
    this.#emit(isGauge ? "_gsum" : "_sum", undefined, parts.sum);
    if (this.#native.isPresent && parts.bounds.length === 0) {
      if (!this.#wanted.native) this.#out.nativeHistograms++;
      return;
    }
    if (!parts.bounds.includes(Infinity)) {
      parts.bounds.push(Infinity);
      parts.values.push(parts.count);
    }
    this.#emitBounds("_bucket", "le");
  }

  #emitNative(isGauge: boolean, exemplars: readonly (ReadExemplar | undefined)[]): void {
    const { count, sum, hasFloatCount } = this.#parts;
    const histogram = this.#native.histogram(count, sum, hasFloatCount, isGauge);
    if (histogram === undefined) {
      this.#out.invalidHistograms++;
      return;
    }
    this.#out.histograms.set(this.#out.length, histogram);
    for (const exemplar of exemplars) this.#addExemplar(exemplar);
    this.#emit("", undefined, 0);
  }

  /** The float form of the count stands for float histograms, whose integer count is unset. */
  #floatCount(count: number): void {
    if (count <= 0) return;
    this.#parts.count = count;
    this.#parts.hasFloatCount = true;
  }

  #bucket(end: number): void {
    const cursor = this.#cursor;
    let [bound, count, floatCount] = [0, 0, 0];
    const { bounds, exemplars } = this.#parts;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === 8) count = cursor.varint(end);
      else if (tag === 17) bound = cursor.double(end);
      else if (tag === 33) floatCount = cursor.double(end);
      else if (tag === 26) exemplars[bounds.length] = readExemplar(cursor, cursor.lengthEnd(end));
      else cursor.skip(tag, end);
    }
    this.#parts.bounds.push(bound);
    this.#parts.values.push(floatCount > 0 ? floatCount : count);
  }

  #clearParts(): Parts {
    const parts = this.#parts;
    parts.count = 0;
    parts.sum = 0;
    parts.hasFloatCount = false;
    this.#native.clear();
    parts.bounds.length = 0;
    parts.values.length = 0;
    parts.exemplars.length = 0;
    return parts;
  }

  #emitBounds(suffix: string, label: Bound["label"]): void {
    const { bounds, values, exemplars } = this.#parts;
    for (let i = 0; i < bounds.length; i++) {
      this.#addExemplar(exemplars[i]);
      this.#emit(suffix, { label, value: bounds[i] ?? 0 }, values[i] ?? 0);
    }
  }

  #emit(suffix: string, bound: Bound | undefined, value: number): void {
    const index = this.#index;
    const length = this.#finishKey(suffix, bound);
    const key = this.#key;
    let entry = index.expected(this.#previous);
    if (entry < 0 || index.match(entry, key, 0) !== length) {
      entry = index.find(key, 0, length);
      if (entry < 0) entry = this.#addSeries(length, suffix, bound);
      index.expectAfter(this.#previous, entry);
    }
    this.#previous = entry;
    this.#out.push(entry, value, this.#timestampMs);
  }

  #addSeries(length: number, suffix: string, bound: Bound | undefined): number {
    const labels: ExposedLabels = new Map([["__name__", (this.#family?.name ?? "") + suffix]]);
    const cursor = new ProtobufCursor(this.#key.subarray(0, this.#labelsLength));
    cursor.at = this.#nameLength;
    while (cursor.at < this.#labelsLength)
      readLabel(cursor, cursor.lengthEnd(this.#labelsLength), labels);
    if (bound !== undefined) labels.set(bound.label, canonicalFloat(bound.value));
    const entry = this.#index.add(this.#key, 0, length, lineKinds.sample, this.#family);
    this.#index.newSeries.push({ entry, labels });
    return entry;
  }

  #text(end: number): string {
    const textEnd = this.#cursor.lengthEnd(end);
    const text = decodeUtf8(this.#cursor.bytes, this.#cursor.at, textEnd);
    this.#cursor.at = textEnd;
    return text;
  }

  #startKey(name: string, type: number): void {
    const bytes = new TextEncoder().encode(name);
    this.#reserve(bytes.length + 3);
    this.#key.set(bytes);
    this.#key[bytes.length] = 0xff;
    this.#key[bytes.length + 1] = type;
    this.#key[bytes.length + 2] = 0xff;
    this.#nameLength = bytes.length + 3;
  }

  #appendLabel(start: number, end: number): void {
    if (this.#labelsLength + end - start > keyBytesMax)
      this.#cursor.fail(`labels are longer than ${keyBytesMax} bytes`);
    this.#reserve(this.#labelsLength + end - start);
    this.#key.set(this.#cursor.bytes.subarray(start, end), this.#labelsLength);
    this.#labelsLength += end - start;
  }

  #finishKey(suffix: string, bound: Bound | undefined): number {
    let at = this.#labelsLength;
    this.#reserve(at + 10);
    this.#key[at++] = 0xff;
    this.#key[at++] = suffix.charCodeAt(1) || 0;
    if (bound === undefined) return at;
    this.#keyView.setFloat64(at, bound.value);
    return at + 8;
  }

  #reserve(length: number): void {
    if (length <= this.#key.length) return;
    const grown = new Uint8Array(2 * length);
    grown.set(this.#key);
    this.#key = grown;
    this.#keyView = new DataView(grown.buffer);
  }
}
