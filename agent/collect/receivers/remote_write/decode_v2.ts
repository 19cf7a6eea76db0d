import type { MetricType } from "#shared/model/metrics.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { ProtobufCursor } from "#shared/text/exposition/protobuf_cursor.ts";
import { BodyError } from "../transport/body.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { type PushedSeries, noRoom } from "../samples/pushed_series.ts";
import type { SampleBuffer } from "../samples/sample_buffer.ts";
import { skipField } from "./skip_field.ts";
import type { BesideSamples } from "../samples/beside_samples.ts";
import { DecodedWrite } from "./decoded_write.ts";
import { readExemplar } from "./exemplar.ts";
import { readHistogram } from "./native_histogram.ts";
import { SampleChecks } from "./sample_checks.ts";
import { InvalidLabelsError, labelsOfPairs, metricTypes } from "./wire.ts";
import { wordAt } from "./word_at.ts";
import { RequestSymbols, type SymbolNumbers } from "./symbols.ts";

/** Tags of io.prometheus.write.v2.Request and the messages in it. */
const requestTags = { symbol: 34, timeseries: 42 } as const;
const seriesTags = {
  labelsRef: 8,
  labelsRefs: 10,
  sample: 18,
  histogram: 26,
  exemplar: 34,
  metadata: 42,
} as const;
const sampleTags = { value: 9, timestamp: 16, startTimestamp: 24 } as const;
const metadataTags = { type: 8, help: 24, unit: 32 } as const;

/** Read without a look at the clock. */
const [fieldsPerStep, seriesPerStep] = [1_024, 64];
/** A series has fewer labels than this; more is refused. */
const labelRefsMax = 2 * 1_024;

/**
 * Reads an io.prometheus.write.v2.Request (remote write 2.0) into `buffer`. What is wrong with a series or sample is told in the
 * result, the rest stands. Throws ExpositionError or BodyError for bytes that are not such a message.
 */
export function* decodeV2(
  bytes: Uint8Array,
  series: PushedSeries,
  symbols: SymbolNumbers,
  buffer: SampleBuffer,
  beside: BesideSamples,
  nowMs: number,
): Steps<DecodedWrite> {
  const out = new DecodedWrite(beside);
  const cursor = new ProtobufCursor(bytes);
  const table = new RequestSymbols(bytes, symbols);
  const end = bytes.length;
  // Series may stand before the symbols that they need.
  const starts: number[] = [];
  for (let fields = 1; cursor.at < end; fields++) {
    if (fields % fieldsPerStep === 0) yield;
    const tag = cursor.varint(end);
    if (tag === requestTags.symbol) {
      const fieldEnd = cursor.lengthEnd(end);
      table.add(cursor.at, fieldEnd);
      cursor.at = fieldEnd;
    } else if (tag === requestTags.timeseries) {
      starts.push(cursor.at);
      cursor.at = cursor.lengthEnd(end);
    } else skipField(cursor, tag, end);
  }
  if (starts.length > 0 && table.sizeOf(0) !== 0)
    throw new BodyError(400, "the first symbol must be the empty string");
  const reader = new SeriesReader(
    cursor,
    series,
    table,
    out,
    new SampleChecks(series, buffer, out, nowMs),
  );
  for (const [at, start] of starts.entries()) {
    if (at % seriesPerStep === seriesPerStep - 1) yield;
    cursor.at = start;
    reader.series(cursor.lengthEnd(end));
  }
  return out;
}

type SeriesParts = {
  firstSample: number;
  samples: number;
  histograms: number;
  exemplars: number;
  metadataStart: number;
  metadataEnd: number;
};

class SeriesReader {
  readonly #cursor: ProtobufCursor;
  readonly #series: PushedSeries;
  readonly #symbols: RequestSymbols;
  readonly #out: DecodedWrite;
  readonly #checks: SampleChecks;
  readonly #refs = new Uint32Array(labelRefsMax);
  #refCount = 0;

  constructor(
    cursor: ProtobufCursor,
    series: PushedSeries,
    symbols: RequestSymbols,
    out: DecodedWrite,
    checks: SampleChecks,
  ) {
    this.#cursor = cursor;
    this.#series = series;
    this.#symbols = symbols;
    this.#out = out;
    this.#checks = checks;
  }

  series(end: number): void {
    const start = this.#cursor.at;
    const parts = this.#survey(end);
    const { samples, histograms } = parts;
    const out = this.#out;
    const items = samples + histograms;
    if (items === 0 || (samples > 0 && histograms > 0)) {
      const what = items === 0 ? "no samples and no histograms" : "samples and histograms";
      out.samples += samples;
      out.faults.add("invalid_sample", items, () => `a series has ${what}`);
      return;
    }
    const column = this.#column(items);
    if (column === undefined) {
      out.samples += samples;
      return;
    }
    if (parts.metadataEnd > 0) this.#metadata(column, parts);
    const cursor = this.#cursor;
    cursor.at = histograms > 0 ? start : parts.firstSample;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === seriesTags.sample) this.#sample(column, cursor.lengthEnd(end));
      else if (tag === seriesTags.histogram)
        this.#checks.addHistogram(column, readHistogram(cursor, cursor.lengthEnd(end)));
      else cursor.skip(tag, end);
    }
    if (parts.exemplars > 0) this.#exemplars(column, start, end);
  }

  #exemplars(column: number, start: number, end: number): void {
    const cursor = this.#cursor;
    cursor.at = start;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag !== seriesTags.exemplar) {
        cursor.skip(tag, end);
        continue;
      }
      const refs: number[] = [];
      const labels = {
        delimited: (labelsEnd: number) => {
          const refsEnd = cursor.lengthEnd(labelsEnd);
          while (cursor.at < refsEnd) refs.push(cursor.varint(refsEnd));
        },
        reference: (labelsEnd: number) => void refs.push(cursor.varint(labelsEnd)),
        pairs: () => this.#pairs(refs),
      };
      readExemplar(cursor, cursor.lengthEnd(end), column, labels, this.#out, this.#series);
    }
  }

  /** Throws InvalidLabelsError. */
  #pairs(refs: ArrayLike<number>): [string, string][] {
    if (refs.length % 2 === 1)
      throw new InvalidLabelsError("invalid_sample", "odd number of label references");
    const pairs: [string, string][] = [];
    for (let i = 0; i < refs.length; i += 2)
      pairs.push([this.#symbols.text(refs[i] ?? 0), this.#symbols.text(refs[i + 1] ?? 0)]);
    return pairs;
  }

  #survey(end: number): SeriesParts {
    const cursor = this.#cursor;
    const parts: SeriesParts = {
      firstSample: end,
      samples: 0,
      histograms: 0,
      exemplars: 0,
      metadataStart: 0,
      metadataEnd: 0,
    };
    this.#refCount = 0;
    while (cursor.at < end) {
      const at = cursor.at;
      const tag = cursor.varint(end);
      if (tag === seriesTags.labelsRefs) {
        const refsEnd = cursor.lengthEnd(end);
        while (cursor.at < refsEnd) this.#addRef(cursor.varint(refsEnd));
      } else if (tag === seriesTags.labelsRef) this.#addRef(cursor.varint(end));
      else if (tag === seriesTags.sample) {
        if (parts.samples++ === 0) parts.firstSample = at;
        cursor.at = cursor.lengthEnd(end);
      } else if (tag === seriesTags.metadata) {
        parts.metadataEnd = cursor.lengthEnd(end);
        parts.metadataStart = cursor.at;
        cursor.at = parts.metadataEnd;
      } else {
        if (tag === seriesTags.histogram) parts.histograms++;
        else if (tag === seriesTags.exemplar) parts.exemplars++;
        skipField(cursor, tag, end);
      }
    }
    return parts;
  }

  #addRef(ref: number): void {
    if (this.#refCount < labelRefsMax) this.#refs[this.#refCount] = Math.min(ref, 0xffff_ffff);
    this.#refCount++;
  }

  #column(items: number): number | undefined {
    const out = this.#out;
    try {
      const count = this.#refCount;
      if (count > labelRefsMax)
        throw new InvalidLabelsError("label_limit", `${count} label references`);
      const refs = this.#refs.subarray(0, count);
      const known = this.#symbols.alias(refs);
      if (known !== undefined) return known;
      const column = this.#series.columnOf(labelsOfPairs(this.#pairs(refs)));
      if (column !== noRoom) {
        this.#symbols.setAlias(refs, column);
        return column;
      }
      out.isPartial = true;
      out.skipped.add(
        "series_limit",
        items,
        () => "the limit of series is reached: new ones are refused",
      );
    } catch (thrown) {
      if (!(thrown instanceof InvalidLabelsError)) throw thrown;
      out.faults.add(thrown.reason, items, () => thrown.message);
    }
    return undefined;
  }

  #sample(column: number, end: number): void {
    const cursor = this.#cursor;
    // One by one: an array to destructure would be made for every sample.
    let low = 0;
    let high = 0;
    let timestampMs = 0;
    let startMs = 0;
    while (cursor.at < end) {
      const tag = cursor.varint(end);
      if (tag === sampleTags.value) {
        const at = cursor.at;
        cursor.skip(tag, end);
        low = wordAt(cursor.bytes, at) >>> 0;
        high = wordAt(cursor.bytes, at + 4) >>> 0;
      } else if (tag === sampleTags.timestamp) timestampMs = cursor.int64(end);
      else if (tag === sampleTags.startTimestamp) startMs = cursor.int64(end);
      else skipField(cursor, tag, end);
    }
    this.#checks.add(column, timestampMs, low, high);
    if (startMs > 0) this.#checks.addStart(column, timestampMs, startMs);
  }

  /** Told for each series here, though it is a family's. */
  #metadata(column: number, { metadataStart, metadataEnd }: SeriesParts): void {
    const cursor = this.#cursor;
    let [type, help, unit] = [0, 0, 0];
    cursor.at = metadataStart;
    while (cursor.at < metadataEnd) {
      const tag = cursor.varint(metadataEnd);
      if (tag === metadataTags.type) type = cursor.varint(metadataEnd);
      else if (tag === metadataTags.help) help = cursor.varint(metadataEnd);
      else if (tag === metadataTags.unit) unit = cursor.varint(metadataEnd);
      else skipField(cursor, tag, metadataEnd);
    }
    const metricType = metricTypes[type] ?? "unknown";
    if (metricType === "unknown" && help === 0 && unit === 0) return;
    const name = this.#series.labelsOf(column)?.[metricNameLabel] ?? "";
    try {
      const family = {
        name: familyName(name, metricType),
        type: metricType,
        help: this.#symbols.text(help),
        unit: this.#symbols.text(unit),
      };
      if (this.#series.describe(family)) this.#out.hasNewFamilies = true;
    } catch (thrown) {
      // Metadata is a courtesy: what cannot be read of it costs no samples.
      if (!(thrown instanceof InvalidLabelsError)) throw thrown;
    }
  }
}

const familySuffixes: Partial<Record<MetricType, RegExp>> = {
  histogram: /_(?:bucket|sum|count)$/,
  gaugehistogram: /_(?:bucket|gsum|gcount)$/,
  summary: /_(?:sum|count)$/,
};

function familyName(name: string, type: MetricType): string {
  const suffix = familySuffixes[type];
  return suffix === undefined ? name : name.replace(suffix, "");
}
