import { isUtf8 } from "node:buffer";
import { type LineTemplate, templateVariablesMax, unmined } from "#shared/model/line_template.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { labelsText } from "./labels_text.ts";
import type { LogsOrder } from "./logs_order.ts";
import { ByteSink } from "./parquet/byte_sink.ts";
import { widthOf, writeDeltas, writeLengths, writeRuns } from "./parquet/encode.ts";
import { encodings } from "./parquet/column_pages.ts";
import type { ColumnPages, ColumnSchema } from "./parquet/parquet_writer.ts";

/** Large enough to compress well, small enough to be read as one piece. */
export const logsRowGroupRows = 65_536;
const nanosPerMs = 1_000_000;
/** Differences of times that are packed; larger ones make the column plain. */
const deltaMax = 2 ** 51;

export const variableColumns: readonly string[] = Array.from(
  { length: templateVariablesMax },
  (_, v) => `v${v}`,
);

/** The columns of a block of logs, drawn in docs/formats/parquet.md. */
export const logsColumns: readonly ColumnSchema[] = [
  { name: "ts", type: "int64", isOptional: false },
  { name: "stream", type: "text", isOptional: false },
  { name: "severity", type: "uint8", isOptional: false },
  { name: "template", type: "text", isOptional: true },
  ...variableColumns.map((name) => ({ name, type: "text", isOptional: true }) as const),
  { name: "body", type: "text", isOptional: true },
  { name: "body_raw", type: "blob", isOptional: true },
  { name: "attributes", type: "text", isOptional: true },
];

/**
 * zstd's for variables, which are digits for the most part: higher levels look for shorter matches, find them by pure chance, and
 * pay more for them than for the digits (24.6 bytes a line of LogHub at level 1, 26.2 at 3, 25.5 at 9).
 */
const variablesLevel = 1;
const encoder = new TextEncoder();

/** Texts of a column, one after another. */
export type WrittenTexts = { readonly bytes: Uint8Array; readonly lengths: Uint32Array };

/** Whoever wants to know what lines are made of: the columns of variables, of bodies, and of bodies that are no UTF-8. */
export type SearchedTexts = {
  add(rows: number, templates: readonly LineTemplate[], columns: readonly WrittenTexts[]): void;
};

/** A batch with what is told once for all of its records. */
export type LogSource = {
  readonly batch: LogsBatch;
  /** Where each record's variables begin among the lengths. */
  readonly variablesFrom: Uint32Array;
  /** Rows whose body is not UTF-8. */
  readonly invalid: ReadonlySet<number>;
};

export function logSource(batch: LogsBatch): LogSource {
  return { batch, variablesFrom: variablesFrom(batch), invalid: invalidRows(batch) };
}

/** Turns records in the order of a block into the columns of its row groups. */
export class LogsColumns {
  readonly #sources: readonly LogSource[];
  readonly #order: LogsOrder;
  readonly #attributeTexts = new Map<Labels, Uint8Array | undefined>();
  readonly #streamTexts: readonly Uint8Array[];
  minMs = Infinity;
  maxMs = -Infinity;

  constructor(sources: readonly LogSource[], order: LogsOrder) {
    this.#sources = sources;
    this.#order = order;
    this.#streamTexts = order.texts.map((text) => encoder.encode(text));
  }

  /** Rows [from, to) of the order. */
  rowGroup(from: number, to: number, searched?: SearchedTexts): ColumnPages[] {
    const rows = to - from;
    const ms = new Float64Array(rows);
    const nanos = new Uint32Array(rows);
    const severities = new Uint8Array(rows);
    const templates = new TextColumn(rows);
    const bodies = new TextColumn(rows);
    const raw = new TextColumn(rows);
    const attributes = new TextColumn(rows);
    const variables = variableColumns.map(() => new TextColumn(rows, variablesLevel));
    for (let i = 0; i < rows; i++) {
      const source = this.#sources[this.#order.batchOf[from + i] ?? 0];
      if (source === undefined) continue;
      const { batch } = source;
      const row = this.#order.rowOf[from + i] ?? 0;
      const timeMs = batch.timestampsMs[row] ?? 0;
      if (timeMs < this.minMs) this.minMs = timeMs;
      if (timeMs > this.maxMs) this.maxMs = timeMs;
      ms[i] = timeMs;
      nanos[i] = batch.nanos[row] ?? 0;
      severities[i] = batch.severities[row] ?? 0;
      const own = batch.attributes?.[row];
      if (own !== undefined) attributes.addKnown(i, this.#attributesText(own));
      const template = batch.mined?.templates[batch.mined.templateOf[row] ?? unmined];
      if (template !== undefined) {
        templates.addTemplate(i, template);
        takeVariables(variables, i, source, row, template);
      } else addBody(bodies, raw, i, source, row);
    }
    const texts = [...variables, bodies, raw].map((column) => column.written());
    searched?.add(rows, templates.templates, texts);
    return [
      timeColumn(ms, nanos),
      this.#streams(from, to),
      severityColumn(severities),
      templates.pages(),
      ...variables.map((column) => column.pages()),
      bodies.pages(),
      raw.pages(),
      attributes.pages(),
    ];
  }

  #attributesText(own: Labels): Uint8Array | undefined {
    if (this.#attributeTexts.has(own)) return this.#attributeTexts.get(own);
    const text = labelsText(own);
    const bytes = text === "{}" ? undefined : encoder.encode(text);
    this.#attributeTexts.set(own, bytes);
    return bytes;
  }

  /** Streams stand in order, so a row group has some that follow each other. */
  #streams(from: number, to: number): ColumnPages {
    const { ends } = this.#order;
    let stream = 0;
    while ((ends[stream] ?? Infinity) <= from) stream++;
    const first = stream;
    const numbers = new Uint32Array(to - from);
    for (let at = from; at < to; at = Math.min(to, ends[stream++] ?? to))
      numbers.fill(stream - first, at - from);
    const last = numbers.at(-1) ?? 0;
    const entries = this.#streamTexts.slice(first, first + last + 1);
    return {
      ...dictionaryPages(numbers, entries),
      ...(entries[0] && { min: entries[0] }),
      ...(entries[last] && { max: entries[last] }),
    };
  }
}

/** Texts of a column, as they come; rows without one are NULL. */
class TextColumn {
  readonly #isPresent: Uint8Array;
  readonly #lengths: Uint32Array;
  readonly #bytes = new ByteSink(0);
  /** Set while every text is one that was told by identity. */
  readonly #numbers: Uint32Array;
  readonly #entries: Uint8Array[] = [];
  readonly #known = new Map<object, number>();
  readonly #byText = new Map<string, number>();
  /** Those that were added, each once. */
  readonly templates: LineTemplate[] = [];
  #count = 0;

  readonly #level: number | undefined;

  constructor(rows: number, level?: number) {
    this.#level = level;
    this.#isPresent = new Uint8Array(rows);
    this.#lengths = new Uint32Array(rows);
    this.#numbers = new Uint32Array(rows);
  }

  /** source[start, start + length). */
  add(row: number, source: Uint8Array, start: number, length: number): void {
    this.#isPresent[row] = 1;
    this.#lengths[this.#count++] = length;
    this.#bytes.copy(source, start, length);
  }

  /** A text that comes often, told apart by identity. A column has only such or none. */
  addKnown(row: number, text: Uint8Array | undefined): void {
    if (text === undefined) return;
    let number = this.#known.get(text);
    if (number === undefined) {
      number = this.#entries.push(text) - 1;
      this.#known.set(text, number);
    }
    this.#isPresent[row] = 1;
    this.#numbers[this.#count++] = number;
  }

  /** Batches have templates of their own, which are the same by text. */
  addTemplate(row: number, template: LineTemplate): void {
    let number = this.#known.get(template);
    if (number === undefined) {
      number = this.#byText.get(template.text);
      if (number === undefined) {
        number = this.#entries.push(encoder.encode(template.text)) - 1;
        this.templates.push(template);
      }
      this.#byText.set(template.text, number);
      this.#known.set(template, number);
    }
    this.#isPresent[row] = 1;
    this.#numbers[this.#count++] = number;
  }

  /** Those that came one by one. */
  written(): WrittenTexts {
    const count = this.#entries.length > 0 ? 0 : this.#count;
    return { bytes: this.#bytes.written(), lengths: this.#lengths.subarray(0, count) };
  }

  pages(): ColumnPages {
    const isPresent = this.#isPresent;
    if (this.#count === 0)
      return { encoding: encodings.plain, values: new Uint8Array(), isPresent };
    if (this.#entries.length > 0)
      return {
        ...dictionaryPages(this.#numbers.subarray(0, this.#count), this.#entries),
        isPresent,
      };
    const sink = new ByteSink(this.#bytes.length + this.#count);
    writeLengths(sink, this.#lengths.subarray(0, this.#count));
    sink.block(this.#bytes.written());
    const level = this.#level;
    return {
      encoding: encodings.deltaLengthByteArray,
      values: sink.written(),
      isPresent,
      ...(level !== undefined && { level }),
    };
  }
}

function takeVariables(
  columns: readonly TextColumn[],
  to: number,
  { batch, variablesFrom: from }: LogSource,
  row: number,
  { partEnds }: LineTemplate,
): void {
  const lengths = batch.mined?.variableLengths;
  let next = from[row] ?? 0;
  let at = row === 0 ? 0 : (batch.bodyEnds[row - 1] ?? 0);
  let part = 0;
  for (let v = 0; v < partEnds.length - 1; v++) {
    const partEnd = partEnds[v] ?? 0;
    at += partEnd - part;
    part = partEnd;
    const length = lengths?.[next++] ?? 0;
    columns[v]?.add(to, batch.bodies, at, length);
    at += length;
  }
}

function addBody(
  bodies: TextColumn,
  raw: TextColumn,
  to: number,
  { batch, invalid }: LogSource,
  row: number,
): void {
  const begin = row === 0 ? 0 : (batch.bodyEnds[row - 1] ?? 0);
  const length = (batch.bodyEnds[row] ?? begin) - begin;
  if (!invalid.has(row)) {
    bodies.add(to, batch.bodies, begin, length);
    return;
  }
  raw.add(to, batch.bodies, begin, length);
  const text = encoder.encode(
    new TextDecoder().decode(batch.bodies.subarray(begin, begin + length)),
  );
  bodies.add(to, text, 0, text.length);
}

function dictionaryPages(numbers: Uint32Array, entries: readonly Uint8Array[]): ColumnPages {
  const dictionary = new ByteSink(64);
  for (const entry of entries) {
    dictionary.ensure(4);
    for (let shift = 0; shift < 32; shift += 8)
      dictionary.bytes[dictionary.length++] = (entry.length >>> shift) & 0xff;
    dictionary.block(entry);
  }
  const width = widthOf(entries.length);
  const sink = new ByteSink(64);
  sink.varint(width);
  writeRuns(sink, numbers, width);
  return {
    encoding: encodings.dictionary,
    values: sink.written(),
    dictionary: { values: dictionary.written(), count: entries.length },
  };
}

function severityColumn(severities: Uint8Array): ColumnPages {
  const numbers = new Uint8Array(256);
  const seen: number[] = [];
  const indexes = new Uint8Array(severities.length);
  for (let i = 0; i < severities.length; i++) {
    const severity = severities[i] ?? 0;
    if (numbers[severity] === 0) numbers[severity] = seen.push(severity);
    indexes[i] = (numbers[severity] ?? 0) - 1;
  }
  const entries = Int32Array.from(seen);
  const width = widthOf(entries.length);
  const sink = new ByteSink(64);
  sink.varint(width);
  writeRuns(sink, indexes, width);
  return {
    encoding: encodings.dictionary,
    values: sink.written(),
    dictionary: { values: new Uint8Array(entries.buffer), count: entries.length },
  };
}

/** Times as nanoseconds: differences, or plain where they are too far apart. */
function timeColumn(ms: Float64Array, nanos: Uint32Array): ColumnPages {
  const bounds = { min: timeBytes(ms, nanos, -1), max: timeBytes(ms, nanos, 1) };
  const deltaAt = (i: number) =>
    ((ms[i] ?? 0) - (ms[i - 1] ?? 0)) * nanosPerMs + (nanos[i] ?? 0) - (nanos[i - 1] ?? 0);
  let isNear = true;
  for (let i = 1; i < ms.length && isNear; i++) isNear = Math.abs(deltaAt(i)) < deltaMax;
  if (!isNear) {
    const plain = BigInt64Array.from(ms, (_, i) => nsOf(ms, nanos, i));
    return { encoding: encodings.plain, values: new Uint8Array(plain.buffer), ...bounds };
  }
  const sink = new ByteSink(64);
  writeDeltas(sink, ms.length, (target) => writeZigzag(target, nsOf(ms, nanos, 0)), deltaAt);
  return { encoding: encodings.deltaBinaryPacked, values: sink.written(), ...bounds };
}

function writeZigzag(sink: ByteSink, value: bigint): void {
  sink.ensure(10);
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest >= 0x80n; rest >>= 7n) sink.bytes[sink.length++] = Number(rest & 0x7fn) | 0x80;
  sink.bytes[sink.length++] = Number(rest);
}

function nsOf(ms: Float64Array, nanos: Uint32Array, i: number): bigint {
  return BigInt(ms[i] ?? 0) * BigInt(nanosPerMs) + BigInt(nanos[i] ?? 0);
}

/** The lowest (sign -1) or highest (1) time as eight bytes. */
function timeBytes(ms: Float64Array, nanos: Uint32Array, sign: number): Uint8Array {
  let best = 0;
  for (let i = 1; i < ms.length; i++) {
    const step =
      ((ms[i] ?? 0) - (ms[best] ?? 0)) * nanosPerMs + (nanos[i] ?? 0) - (nanos[best] ?? 0);
    if (step * sign > 0) best = i;
  }
  return new Uint8Array(BigInt64Array.of(nsOf(ms, nanos, best)).buffer);
}

function variablesFrom({ mined, streamOf }: LogsBatch): Uint32Array {
  const from = new Uint32Array(mined === undefined ? 0 : streamOf.length);
  let sum = 0;
  for (let row = 0; row < from.length; row++) {
    from[row] = sum;
    const template = mined?.templates[mined.templateOf[row] ?? unmined];
    if (template !== undefined) sum += template.partEnds.length - 1;
  }
  return from;
}

/** Rows whose body is not UTF-8. The usual case is told by one look at all bodies together. */
function invalidRows(batch: LogsBatch): ReadonlySet<number> {
  const rows = new Set<number>();
  const { bodies, bodyEnds } = batch;
  if (isUtf8(bodies) && !cutsCharacter(bodies, bodyEnds)) return rows;
  let begin = 0;
  for (const [row, end] of bodyEnds.entries()) {
    if (!isUtf8(bodies.subarray(begin, end))) rows.add(row);
    begin = end;
  }
  return rows;
}

function cutsCharacter(bodies: Uint8Array, bodyEnds: Uint32Array): boolean {
  for (let i = 0; i < bodyEnds.length; i++)
    if (((bodies[bodyEnds[i] ?? 0] ?? 0) & 0xc0) === 0x80) return true;
  return false;
}
