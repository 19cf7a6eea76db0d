import { ProtobufCursor } from "#shared/text/exposition/protobuf_cursor.ts";
import type { ByteAliases } from "../records/byte_aliases.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { type PushedSeries, noRoom } from "../samples/pushed_series.ts";
import type { SampleBuffer } from "../samples/sample_buffer.ts";
import type { BesideSamples } from "../samples/beside_samples.ts";
import { DecodedWrite } from "./decoded_write.ts";
import type { ExpectedSeries } from "./expected_series.ts";
import { readHistogram } from "./native_histogram.ts";
import { readExemplar } from "./exemplar.ts";
import { skipField } from "./skip_field.ts";
import { SampleChecks } from "./sample_checks.ts";
import { InvalidLabelsError, labelsOfPairs, metricTypes, shownPairs, textOf } from "./wire.ts";
import { wordAt } from "./word_at.ts";

/** Tags of prometheus.WriteRequest and the messages in it: field number << 3 | wire type. */
const requestTags = { timeseries: 10, metadata: 26 } as const;
const seriesTags = { label: 10, sample: 18, exemplar: 26, histogram: 34 } as const;
const labelTags = { name: 10, value: 18 } as const;
const sampleTags = { value: 9, timestamp: 16 } as const;
const metadataTags = { type: 8, name: 18, help: 34, unit: 42 } as const;

/** Read without a look at the clock; one that is met for the first time takes some microseconds. */
const seriesPerStep = 64;
/** More do not fit into the bytes that the labels of a series may take. */
const labelsMax = 32_768;

/** The series met so far, and how those of remote write 1.0 are recognised without their labels being decoded. */
export type KnownSeries = {
  readonly series: PushedSeries;
  /** By the bytes of their labels. */
  readonly aliases: ByteAliases;
  readonly expected: ExpectedSeries;
  readonly beside: BesideSamples;
};

/**
 * Reads a prometheus.WriteRequest (remote write 1.0) into `buffer`. A series is recognised by the bytes of its labels, so that one
 * met before costs no decoding of text. Throws ExpositionError for bytes that are not such a message.
 */
export function* decodeV1(
  bytes: Uint8Array,
  known: KnownSeries,
  buffer: SampleBuffer,
  nowMs: number,
): Steps<DecodedWrite> {
  const out = new DecodedWrite(known.beside);
  const cursor = new ProtobufCursor(bytes);
  const checks = new SampleChecks(known.series, buffer, out, nowMs);
  const reader = new SeriesReader(cursor, known, out, checks);
  const end = bytes.length;
  for (let series = 1; cursor.at < end; series++) {
    if (series % seriesPerStep === 0) yield;
    if (reader.expectedSeries()) continue;
    const tag = cursor.varint(end);
    if (tag === requestTags.timeseries) reader.series(cursor.lengthEnd(end));
    else if (tag === requestTags.metadata) reader.metadata(cursor.lengthEnd(end));
    else skipField(cursor, tag, end);
  }
  return out;
}

class SeriesReader {
  readonly #cursor: ProtobufCursor;
  readonly #bytes: Buffer;
  readonly #series: PushedSeries;
  readonly #aliases: ByteAliases;
  readonly #expected: ExpectedSeries;
  readonly #out: DecodedWrite;
  readonly #checks: SampleChecks;

  constructor(
    cursor: ProtobufCursor,
    { series, aliases, expected }: KnownSeries,
    out: DecodedWrite,
    checks: SampleChecks,
  ) {
    const { bytes } = cursor;
    this.#cursor = cursor;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#series = series;
    this.#aliases = aliases;
    this.#expected = expected;
    this.#out = out;
    this.#checks = checks;
  }

  /** Reads the series from here on that are as foretold; false where there is none. */
  expectedSeries(): boolean {
    const expected = this.#expected;
    this.#cursor.at = expected.read(this.#cursor.bytes, this.#cursor.at);
    const { length, columns, timestampsMs, words } = expected;
    if (length > 0) this.#checks.addRun(columns, timestampsMs, words, length);
    return length > 0;
  }

  /** Twice over the message: labels may stand behind samples. */
  series(end: number): void {
    const cursor = this.#cursor;
    const start = cursor.at;
    // One by one, here and below: an array to destructure would be made for every series and sample.
    let labelsStart = start;
    let labelsEnd = start;
    let runs = 0;
    let firstSample = end;
    let samples = 0;
    let histograms = 0;
    let exemplars = 0;
    while (cursor.at < end) {
      const at = cursor.at;
      const tag = cursor.varint(end);
      if (tag === seriesTags.label) {
        if (runs === 0 || labelsEnd !== at) runs++;
        if (runs === 1 && labelsEnd !== at) labelsStart = at;
        cursor.at = cursor.lengthEnd(end);
        labelsEnd = cursor.at;
      } else if (tag === seriesTags.sample) {
        if (samples++ === 0) firstSample = at;
        cursor.at = cursor.lengthEnd(end);
      } else {
        if (tag === seriesTags.histogram) histograms++;
        else if (tag === seriesTags.exemplar) exemplars++;
        skipField(cursor, tag, end);
      }
    }
    const column =
      runs === 1
        ? this.#knownColumn(labelsStart, labelsEnd, samples + histograms)
        : this.#newColumn(start, end, samples + histograms);
    if (column !== undefined) {
      cursor.at = histograms > 0 ? start : firstSample;
      while (cursor.at < end) {
        const tag = cursor.varint(end);
        if (tag === seriesTags.sample) this.#sample(column, cursor.lengthEnd(end));
        else if (tag === seriesTags.histogram)
          this.#checks.addHistogram(column, readHistogram(cursor, cursor.lengthEnd(end)));
        else cursor.skip(tag, end);
      }
      if (exemplars > 0) this.#exemplars(column, start, end);
    }
    cursor.at = end;
  }

  #exemplars(column: number, start: number, end: number): void {
    const cursor = this.#cursor;
    cursor.at = start;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === seriesTags.exemplar) {
        const pairs: [string, string][] = [];
        const labels = {
          delimited: (labelsEnd: number) =>
            void pairs.push(this.#pair(cursor.lengthEnd(labelsEnd))),
          reference: (labelsEnd: number) => void cursor.varint(labelsEnd),
          pairs: () => pairs,
        };
        readExemplar(cursor, cursor.lengthEnd(end), column, labels, this.#out, this.#series);
      } else cursor.skip(tag, end);
    }
  }

  #knownColumn(start: number, end: number, items: number): number | undefined {
    const { bytes } = this.#cursor;
    const known = this.#aliases.get(bytes, start, end);
    const column = known ?? this.#newColumn(start, end, items);
    if (column === undefined) return undefined;
    if (known === undefined) this.#aliases.set(bytes, start, end, column);
    this.#expected.keep(column, bytes, start, end);
    this.#expected.met(column);
    return column;
  }

  /** The column of the labels between, or undefined when the series is left out. */
  #newColumn(start: number, end: number, items: number): number | undefined {
    const out = this.#out;
    const pairs: [string, string][] = [];
    try {
      this.#readPairs(start, end, pairs);
      const labels = labelsOfPairs(pairs);
      const column = this.#series.columnOf(labels);
      if (column !== noRoom) return column;
      out.isPartial = true;
      out.skipped.add(
        "series_limit",
        items,
        () => "the limit of series is reached: new ones are refused",
      );
    } catch (thrown) {
      if (!(thrown instanceof InvalidLabelsError)) throw thrown;
      out.isPartial = true;
      out.skipped.add(thrown.reason, items, () => `${thrown.message}: series ${shownPairs(pairs)}`);
    }
    return undefined;
  }

  #readPairs(start: number, end: number, pairs: [string, string][]): void {
    const cursor = this.#cursor;
    cursor.at = start;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === seriesTags.label) pairs.push(this.#pair(cursor.lengthEnd(end)));
      else cursor.skip(tag, end);
      if (pairs.length > labelsMax)
        throw new InvalidLabelsError("label_limit", `series has more than ${labelsMax} labels`);
    }
  }

  #pair(end: number): [string, string] {
    const cursor = this.#cursor;
    let [name, value] = ["", ""];
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === labelTags.name) name = this.#text(cursor.lengthEnd(end));
      else if (tag === labelTags.value) value = this.#text(cursor.lengthEnd(end));
      else skipField(cursor, tag, end);
    }
    return [name, value];
  }

  #text(end: number): string {
    const text = textOf(this.#bytes.subarray(this.#cursor.at, end));
    this.#cursor.at = end;
    return text;
  }

  #sample(column: number, end: number): void {
    const cursor = this.#cursor;
    let low = 0;
    let high = 0;
    let timestampMs = 0;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === sampleTags.value) {
        const at = cursor.at;
        cursor.skip(tag, end);
        low = wordAt(cursor.bytes, at) >>> 0;
        high = wordAt(cursor.bytes, at + 4) >>> 0;
      } else if (tag === sampleTags.timestamp) timestampMs = cursor.int64(end);
      else skipField(cursor, tag, end);
    }
    this.#checks.add(column, timestampMs, low, high);
  }

  metadata(end: number): void {
    const cursor = this.#cursor;
    let [type, name, help, unit] = [0, "", "", ""];
    try {
      while (cursor.at < end) {
        const tag = cursor.varint(end);
        if (tag === metadataTags.type) type = cursor.varint(end);
        else if (tag === metadataTags.name) name = this.#text(cursor.lengthEnd(end));
        else if (tag === metadataTags.help) help = this.#text(cursor.lengthEnd(end));
        else if (tag === metadataTags.unit) unit = this.#text(cursor.lengthEnd(end));
        else skipField(cursor, tag, end);
      }
      const family = { name, type: metricTypes[type] ?? "unknown", help, unit };
      if (name !== "" && this.#series.describe(family)) this.#out.hasNewFamilies = true;
    } catch (thrown) {
      // Metadata is a courtesy: what cannot be read of it costs no samples.
      if (!(thrown instanceof InvalidLabelsError)) throw thrown;
    }
    cursor.at = end;
  }
}
