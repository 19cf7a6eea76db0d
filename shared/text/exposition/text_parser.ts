// Hot: guarded by `bench scrape`.
import type { BodyReader } from "./body_reader.ts";
import { ExpositionError } from "./exposition_error.ts";
import type { Labels } from "../../model/labels.ts";
import { canonicalFloat, parseGoFloat, parseGoFloatText } from "./go_float.ts";
import { belongsTo, kindNumber, parseMetadataLine } from "./metadata_line.ts";
import type { SampleColumns } from "./sample_columns.ts";
import { type ExposedLabels, type Family, type SeriesIndex, lineKinds } from "./series_index.ts";
import { closingBrace, parseSeriesText } from "./series_text.ts";

/** Prometheus text 0.0.4 and 1.0.0, or OpenMetrics 1.0, which is stricter and has seconds, exemplars and an end. */
export type TextDialect = "prometheus" | "openmetrics";

const [tab, lineFeed, space, hash, brace, closing] = [0x09, 0x0a, 0x20, 0x23, 0x7b, 0x7d];
/** Of a series, or of a comment: a longer one would take the thread for too long at once. */
const keyBytesMax = 1024 ** 2;
/** A new line takes some microseconds. */
const linesPerAsking = 32;
/** Later lines are a little longer or shorter than the first. */
const restMargin = 1.1;

/**
 * Reads a whole body into `out`. Lines that `index` knows are recognised by their bytes; only new ones are taken apart,
 * and then wait in index.newSeries and index.changedFamilies. Throws ExpositionError, and nothing of `out` is to be used.
 * Formats: prometheus.io/docs/instrumenting/exposition_formats, and the OpenMetrics 1.0 specification. As with Prometheus the last line of a
 * classic body needs no line feed, and OpenMetrics families may interleave.
 */
export function parseText(
  bytes: Uint8Array,
  dialect: TextDialect,
  index: SeriesIndex,
  out: SampleColumns,
): void {
  textReader(bytes, dialect, index, out).read();
}

/**
 * Reads a classic body whose last line must end with a line feed, as a Pushgateway and node_exporter's textfile collector want it: one that breaks
 * off must not pass for a whole one.
 */
export function parseWholeText(bytes: Uint8Array, index: SeriesIndex, out: SampleColumns): void {
  wholeTextReader(bytes, index, out).read();
}

/** The same in steps. */
export function wholeTextReader(
  bytes: Uint8Array,
  index: SeriesIndex,
  out: SampleColumns,
): BodyReader {
  if (bytes.length > 0 && bytes[bytes.length - 1] !== lineFeed) {
    out.clear();
    throw new ExpositionError("the last line must end with a line feed", bytes.length);
  }
  return textReader(bytes, "prometheus", index, out);
}

/** The same as parseText() in steps. */
export function textReader(
  bytes: Uint8Array,
  dialect: TextDialect,
  index: SeriesIndex,
  out: SampleColumns,
): BodyReader {
  out.clear();
  index.body++;
  const isOpen =
    bytes.length > 0 && bytes[bytes.length - 1] !== lineFeed && dialect === "prometheus";
  const whole = isOpen ? Buffer.concat([bytes, Uint8Array.of(lineFeed)]) : bytes;
  return new TextParser(whole, dialect === "openmetrics", index, out);
}

/** One body's parse. A class so that the loop's state lives in fields of one shape. */
class TextParser implements BodyReader {
  readonly #bytes: Uint8Array;
  readonly #isStrict: boolean;
  readonly #index: SeriesIndex;
  readonly #out: SampleColumns;
  #at = 0;
  /** The entry of the line before. */
  #previous = -1;
  #family: Family | undefined;
  #isEnded = false;
  /** Of the index before the body; undefined when room was made for the rest of it. */
  #before: { readonly entries: number; readonly keyBytes: number } | undefined;

  constructor(bytes: Uint8Array, isStrict: boolean, index: SeriesIndex, out: SampleColumns) {
    this.#bytes = bytes;
    this.#isStrict = isStrict;
    this.#index = index;
    this.#out = out;
    this.#before = { entries: index.size, keyBytes: index.keyBytes };
  }

  read(isDue?: () => boolean): boolean {
    const [bytes, index, length] = [this.#bytes, this.#index, this.#bytes.length];
    let previous = this.#previous;
    let untilAsked = isDue === undefined ? Infinity : linesPerAsking;
    while (this.#at < length) {
      if (untilAsked-- <= 0) {
        untilAsked = linesPerAsking;
        if (isDue?.() === true) {
          this.#previous = previous;
          this.#expectRest();
          return false;
        }
      }
      if (this.#isEnded) this.#fail("unexpected data after # EOF");
      const first = bytes[this.#at];
      if (!this.#isStrict && (first === lineFeed || first === space || first === tab)) {
        this.#at++;
        continue;
      }
      let entry = index.expected(previous);
      let end = entry < 0 ? -1 : index.match(entry, bytes, this.#at);
      if (end < 0 || !this.#endsKey(end, index.kind(entry))) {
        end = first === hash ? this.#lineEnd(this.#at) : this.#seriesEnd(this.#at);
        entry = index.find(bytes, this.#at, end);
        if (entry < 0) entry = first === hash ? this.#addComment(end) : this.#addSeries(end);
        index.expectAfter(previous, entry);
      }
      const start = this.#at;
      this.#at = end;
      const kind = index.kind(entry);
      if (kind === lineKinds.sample) this.#sample(entry);
      else this.#comment(entry, kind, start);
      previous = entry;
    }
    if (this.#isStrict && !this.#isEnded) this.#fail("data does not end with # EOF");
    return true;
  }

  /** Makes room for the rest of a large body, should it be like what was read: to grow by doubling would copy all of it in one step, again and again. */
  #expectRest(): void {
    if (this.#before === undefined || this.#at === 0) return;
    const [index, out] = [this.#index, this.#out];
    const times = (restMargin * this.#bytes.length) / this.#at;
    const entries = index.size - this.#before.entries;
    const keyBytes = index.keyBytes - this.#before.keyBytes;
    this.#before = undefined;
    out.reserve(Math.ceil(times * out.length));
    if (!index.isClosed) index.reserve(Math.ceil(times * entries), Math.ceil(times * keyBytes));
  }

  /** A key that matched may be the beginning of a longer one: what follows decides. */
  #endsKey(end: number, kind: number): boolean {
    const bytes = this.#bytes;
    if (kind !== lineKinds.sample) return end === bytes.length || bytes[end] === lineFeed;
    if (bytes[end - 1] === closing) return true;
    let at = end;
    while (bytes[at] === space || bytes[at] === tab) at++;
    return at > end && bytes[at] !== brace;
  }

  #lineEnd(start: number): number {
    const found = this.#bytes.indexOf(lineFeed, start);
    const end = found < 0 ? this.#bytes.length : found;
    if (end - start > keyBytesMax) this.#fail(`a comment is longer than ${keyBytesMax} bytes`);
    return end;
  }

  #seriesEnd(start: number): number {
    const bytes = this.#bytes;
    let end = start;
    while (isNameByte(bytes[end] ?? 0) && end - start <= keyBytesMax) end++;
    let at = end;
    while (bytes[at] === space || bytes[at] === tab) at++;
    if (bytes[at] === brace) {
      end = closingBrace(bytes, at, start + keyBytesMax + 1);
      if (end < 0) this.#fail("expected labels to end with }");
    }
    if (end - start > keyBytesMax)
      this.#fail(`a line is longer than ${keyBytesMax} bytes before its value`);
    if (end === start) this.#fail("expected a metric name");
    return end;
  }

  #addComment(end: number): number {
    const index = this.#index;
    const line = parseMetadataLine(this.#bytes, this.#at, end, this.#isStrict);
    const family = "name" in line ? index.family(line.name) : undefined;
    return index.add(this.#bytes, this.#at, end, kindNumber(line), family);
  }

  #addSeries(end: number): number {
    const index = this.#index;
    const labels = parseSeriesText(this.#bytes, this.#at, end, this.#isStrict);
    const name = labels.get("__name__") ?? "";
    const current = this.#family;
    const isOfFamily = current !== undefined && belongsTo(current, name);
    if (isOfFamily) canonicalizeBounds(labels, name, current);
    const family = isOfFamily ? current : index.family(name);
    const entry = index.add(this.#bytes, this.#at, end, lineKinds.sample, family);
    index.newSeries.push({ entry, labels });
    return entry;
  }

  /** The rest of a comment's line, and what it changes. */
  #comment(entry: number, kind: number, start: number): void {
    const end = this.#at;
    if (this.#bytes[end] === lineFeed) this.#at++;
    else if (!this.#isStrict || kind !== lineKinds.eof) this.#fail("expected a line feed");
    if (kind === lineKinds.eof) this.#isEnded = true;
    const family = this.#index.familyOf(entry);
    if (family === undefined) return;
    this.#family = family;
    if (family.tellers[kind] !== entry) this.#learn(family, entry, kind, start, end);
  }

  /** Takes over what a line says that did not speak last of this family. */
  #learn(family: Family, entry: number, kind: number, start: number, end: number): void {
    this.#index.beforeChange();
    const line = parseMetadataLine(this.#bytes, start, end, this.#isStrict);
    if (line.kind === "type") {
      const isTyped = (family.tellers[kind] ?? -1) >= 0;
      if (isTyped && family.type !== line.type) this.#index.contradicted = true;
      family.type = line.type;
    } else if (line.kind === "help") family.help = line.text;
    else if (line.kind === "unit") family.unit = line.text;
    family.tellers[kind] = entry;
    this.#index.changedFamilies.add(family);
  }

  #sample(entry: number): void {
    const family = this.#index.familyOf(entry);
    // The text format may name a family late or not at all, and there the TYPE that was last read stays in force.
    if (family !== undefined && this.#isStrict) this.#family = family;
    this.#blanks(this.#isStrict || this.#bytes[this.#at - 1] !== closing);
    const value = this.#number("value");
    let timestampMs: number | undefined;
    if (this.#blanks(false) && (this.#isStrict || this.#bytes[this.#at] !== lineFeed)) {
      if (this.#bytes[this.#at] === hash && this.#isStrict) this.#exemplar();
      else {
        timestampMs = this.#isStrict ? this.#seconds() : this.#milliseconds();
        if (this.#blanks(false) && this.#isStrict) this.#exemplar();
      }
    }
    if (this.#bytes[this.#at] !== lineFeed) this.#fail("expected the end of the line");
    this.#at++;
    this.#out.push(entry, value, timestampMs);
  }

  /** Steps over blanks (OpenMetrics: exactly one space) and says whether there were any. */
  #blanks(isNeeded: boolean): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    if (this.#isStrict) {
      if (bytes[this.#at] === space) this.#at++;
    } else while (bytes[this.#at] === space || bytes[this.#at] === tab) this.#at++;
    if (this.#at === start && isNeeded) this.#fail("expected a blank");
    return this.#at > start;
  }

  #token(): number {
    const bytes = this.#bytes;
    let end = this.#at;
    // Every byte up to the space is a control character that no number holds.
    while ((bytes[end] ?? 0) > space) end++;
    return end;
  }

  #number(what: string): number {
    const end = this.#token();
    const value = parseGoFloat(this.#bytes, this.#at, end);
    if (value === undefined) return this.#failAt(what, end);
    this.#at = end;
    return value;
  }

  #seconds(): number {
    const seconds = this.#number("timestamp");
    if (!Number.isFinite(seconds)) this.#fail("invalid timestamp");
    return Math.trunc(seconds * 1_000);
  }

  #milliseconds(): number {
    const end = this.#token();
    const text = Buffer.from(this.#bytes.subarray(this.#at, end)).toString("latin1");
    if (!/^[+-]?\d{1,19}$/.test(text)) return this.#failAt("timestamp", end);
    this.#at = end;
    return Number(text);
  }

  /** `# {labels} value [timestamp]` behind the sample that is pushed next. Labels that can't be read cost only the exemplar. */
  #exemplar(): void {
    const bytes = this.#bytes;
    if (
      bytes[this.#at] !== hash ||
      bytes[this.#at + 1] !== space ||
      bytes[this.#at + 2] !== brace
    ) {
      this.#fail("expected an exemplar");
    }
    const end = closingBrace(bytes, this.#at + 2);
    if (end < 0) this.#fail("expected the exemplar's labels to end with }");
    const start = this.#at + 2;
    this.#at = end;
    this.#blanks(true);
    const value = this.#number("exemplar value");
    const timestampMs = this.#blanks(false) ? this.#seconds() : undefined;
    const labels = exemplarLabels(bytes.subarray(start, end));
    if (labels === undefined) this.#out.invalidExemplars++;
    else this.#out.exemplars.push({ i: this.#out.length, labels, value, timestampMs });
  }

  #failAt(what: string, end: number): never {
    const text = Buffer.from(this.#bytes.subarray(this.#at, Math.min(end, this.#at + 100)));
    return this.#fail(`expected a ${what}, got ${JSON.stringify(text.toString())}`);
  }

  #fail(message: string): never {
    throw new ExpositionError(message, this.#at);
  }
}

/** Read as those of a series, which are written alike; undefined where they are none. */
function exemplarLabels(bytes: Uint8Array): Labels | undefined {
  try {
    const text = Buffer.concat([Buffer.from("x"), bytes]);
    const labels = parseSeriesText(text, 0, text.length, true);
    labels.delete("__name__");
    return Object.fromEntries(labels);
  } catch (thrown) {
    if (thrown instanceof ExpositionError) return undefined;
    throw thrown;
  }
}

function isNameByte(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x3a) || byte === 0x5f;
}

/** `le` of histograms and `quantile` of summaries as canonical float text, so that clients that write them otherwise meet. */
function canonicalizeBounds(
  labels: ExposedLabels,
  name: string,
  family: { name: string; type: string },
): void {
  const label =
    family.type === "histogram" && name.endsWith("_bucket")
      ? "le"
      : family.type === "summary" && name === family.name
        ? "quantile"
        : undefined;
  if (label === undefined) return;
  const bound = parseGoFloatText(labels.get(label) ?? "");
  if (bound !== undefined) labels.set(label, canonicalFloat(bound));
}
