// Hot: guarded by `bench search`.
import type { LineTemplate } from "#shared/model/line_template.ts";
import { variablesOf } from "#shared/model/line_template.ts";
import type { Labels } from "#shared/model/labels.ts";
import { parseLabels } from "../series/labels_text.ts";
import {
  flatIntegers,
  noEntry,
  flatNumberedTexts,
  numberedEntries,
  flatTimes,
  type TextValues,
} from "../parquet/flat_columns.ts";
import type { FlatColumn } from "../parquet/flat_pages.ts";
import type { RowGroup } from "../parquet/footer.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import { variableColumns } from "./texts/column_names.ts";
import type { SplitForms } from "./texts/forms.ts";
import { sameTemplate } from "./same_template.ts";
import type { RowCursor } from "./texts/compact_texts.ts";
import { digitsColumn } from "./texts/packed/digits_column.ts";
import { TextColumn } from "./texts/text_values.ts";
import { SeenValues, type Shape, shapesOf } from "./texts/value_shapes.ts";

const decoder = new TextDecoder();
const labelBytes = 300;
const entryBytes = 64;
const pointerBytes = 8;

/** A column of names by number: noEntry where a row has none. */
export type Numbered<Value> = { readonly values: readonly Value[]; readonly numbers: Uint32Array };
/** The texts, too, from which the values are made on demand. */
type NumberedTexts<Value> = Numbered<Value> & { readonly entries: readonly Uint8Array[] };
export type Times = { readonly ms: Float64Array; readonly nanos: Uint32Array };

/** Loads columns of the row group at hand, variables with their digits unless told otherwise. */
export type LoadColumns = (names: Iterable<string>, withDigits?: boolean) => Promise<void>;

type Chunks = { readonly rows: number; readonly columns: Pick<RowGroup["columns"], "has" | "get"> };

/** What was read of a row group so far; shared by queries, so nothing in it changes but by becoming more. */
export class LogGroup {
  readonly rows: number;
  /** Whether it was made by held(): a frame's lines, which are few, and which each query reads again. */
  readonly isHeld: boolean;
  readonly #group: Chunks;
  readonly #columns = new Set<string>();
  readonly #texts = new Map<string, TextColumn>();
  readonly #waiting = new Map<string, FlatColumn>();
  #times: Times | undefined;
  #streams: NumberedTexts<Labels> | undefined;
  #runEnds: Uint32Array | undefined;
  #severities: Uint8Array | undefined;
  #templates: Numbered<LineTemplate> | undefined;
  #variables: number | undefined;
  #attributes: NumberedTexts<Labels> | undefined;
  #lineEnds: { readonly variables: number; readonly ends: Uint32Array } | undefined;
  /** By template, then by variable. */
  readonly #shapes: (readonly (Shape | undefined)[])[] = [];
  /** By template. */
  #rowsOf: Uint32Array | undefined;
  readonly #variableShapes: (readonly (Shape | undefined)[])[] = [];
  #bytes = entryBytes;

  constructor(group: Chunks, isHeld = false) {
    this.isHeld = isHeld;
    this.#group = group;
    this.rows = group.rows;
  }

  /** What was never in a file: its templates, and columns of texts as they are asked for, by holdTexts(). */
  static held(rows: number, templates: Numbered<LineTemplate>): LogGroup {
    const group = new LogGroup({ rows, columns: new Map() }, true);
    group.#templates = templates;
    return group;
  }

  /** Of a group that was made by held(). */
  holdTexts(name: string, values: TextValues): void {
    this.#texts.set(name, new TextColumn({ rows: this.rows, values }));
  }

  /** An estimate of the memory it takes. */
  get bytes(): number {
    let bytes = this.#bytes;
    for (const { memory } of this.#texts.values()) bytes += memory;
    return bytes;
  }

  /** Those of the columns that the file has; `withDigits`: with those of digits beside their variables. */
  named(names: Iterable<string>, withDigits = true): string[] {
    const all = [...names].flatMap((name) =>
      withDigits && isVariable.has(name) ? [name, digitsColumn(name)] : [name],
    );
    return all.filter((name) => this.#group.columns.has(name));
  }

  /** Those of named() that were not read yet. */
  missing(names: Iterable<string>, withDigits = true): string[] {
    return this.named(names, withDigits).filter((name) => !this.#columns.has(name));
  }

  /** Throws UnsupportedParquet. */
  take(name: string, bytes: Uint8Array): void {
    const chunk = this.#group.columns.get(name);
    if (chunk === undefined || this.#columns.has(name)) return;
    const column = { chunk, bytes, rows: this.rows };
    const variable = variableOfDigits.get(name);
    if (variable !== undefined) this.#takeDigits(variable, column);
    else if (isVariable.has(name)) this.#takeVariable(name, column);
    else this.#decode(name, column);
    this.#columns.add(name);
  }

  #takeVariable(name: string, column: FlatColumn): void {
    const texts = new TextColumn(column, this.#group.columns.has(digitsColumn(name)));
    const digits = this.#waiting.get(name);
    if (digits !== undefined) texts.giveDigits(digits);
    this.#waiting.delete(name);
    this.#texts.set(name, texts);
  }

  /** Those that come before their variable wait for it. */
  #takeDigits(variable: string, column: FlatColumn): void {
    const texts = this.#texts.get(variable);
    if (texts === undefined) this.#waiting.set(variable, column);
    else texts.giveDigits(column);
  }

  #decode(name: string, column: FlatColumn): void {
    switch (name) {
      case "ts":
        this.#times = flatTimes(column);
        this.#bytes += 12 * this.rows;
        break;
      case "severity":
        this.#severities = new Uint8Array(flatIntegers(column));
        this.#bytes += this.rows;
        break;
      case "stream":
        this.#streams = this.#labelsOf(column);
        break;
      case "attributes":
        this.#attributes = this.#labelsOf(column);
        break;
      case "template":
        this.#templates = this.#templatesOf(column);
        break;
      default:
        this.#texts.set(name, new TextColumn(column));
    }
  }

  /** Which row has which value is worked out on demand. */
  #numbered(column: FlatColumn) {
    const own = { ...column, bytes: column.bytes.slice() };
    const known = numberedEntries(own);
    const { entries, numbers: whole } =
      known === undefined ? flatNumberedTexts(own) : { entries: known, numbers: undefined };
    this.#bytes += (whole?.byteLength ?? own.bytes.length) + pointerBytes * entries.length;
    let numbers = whole;
    const unpack = () => {
      this.#bytes += 4 * this.rows;
      return flatNumberedTexts(own).numbers;
    };
    return {
      entries,
      read: () => (numbers ??= unpack()),
    };
  }

  /** Row groups share them. */
  #templatesOf(column: FlatColumn): Numbered<LineTemplate> {
    const { entries, read } = this.#numbered(column);
    const values = entries.map((entry) => sameTemplate(decoder.decode(entry)));
    return {
      values,
      get numbers() {
        return read();
      },
    };
  }

  #labelsOf(column: FlatColumn): NumberedTexts<Labels> {
    const { entries, read } = this.#numbered(column);
    for (const { length } of entries) this.#bytes += length;
    let values: Labels[] | undefined;
    const parse = () => {
      for (const { length } of entries) this.#bytes += labelBytes + 2 * length;
      return entries.map((entry) => parseLabels("", decoder.decode(entry)));
    };
    return {
      entries,
      get values() {
        return (values ??= parse());
      },
      get numbers() {
        return read();
      },
    };
  }

  /** False where no stream holds all of these texts: told without reading a label, so that others' streams cost a query little. */
  mayHaveStreams(texts: readonly Uint8Array[]): boolean {
    const { entries } = this.#wanted("stream", this.#streams);
    const bytes = texts.length === 0 ? undefined : sharedBytes(entries);
    return bytes === undefined || texts.every((text) => bytes.includes(text));
  }

  get times(): Times {
    return this.#wanted("ts", this.#times);
  }

  get streams(): Numbered<Labels> {
    return this.#wanted("stream", this.#streams);
  }

  /** Where runs of rows of one stream end; within each, times ascend. */
  get runEnds(): Uint32Array {
    if (this.#runEnds !== undefined) return this.#runEnds;
    const { numbers } = this.streams;
    const ends: number[] = [];
    for (let row = 1; row <= numbers.length; row++)
      if (row === numbers.length || numbers[row] !== numbers[row - 1]) ends.push(row);
    return (this.#runEnds = Uint32Array.from(ends));
  }

  get severities(): Uint8Array {
    return this.#wanted("severity", this.#severities);
  }

  /** No values where the file has none. */
  get templates(): Numbered<LineTemplate> {
    return this.#templates ?? noNumbered;
  }

  get attributes(): Numbered<Labels> {
    return this.#attributes ?? noNumbered;
  }

  /** A column of texts; undefined where the file has none of this name, or nothing in it. */
  texts(name: string): TextColumn | undefined {
    const column = this.#texts.get(name);
    return column === undefined || column.isEmpty ? undefined : column;
  }

  /** As TextColumn's split(), of a variable. The template was read. */
  split(variable: number): SplitForms | undefined {
    const { values, numbers } = this.#wanted("template", this.#templates);
    return this.texts(variableColumns[variable] ?? "")?.split(numbers, values.length);
  }

  /** As lineEndsUpTo() has them for so many variables, or more; undefined until they are kept. */
  lineEnds(variables: number): Uint32Array | undefined {
    const kept = this.#lineEnds;
    return kept !== undefined && kept.variables >= variables ? kept.ends : undefined;
  }

  keepLineEnds(variables: number, ends: Uint32Array): void {
    if (this.#lineEnds === undefined) this.#bytes += ends.byteLength;
    this.#lineEnds = { variables, ends };
  }

  /** What the values of a template's variables look like in this row group; their columns were read. Undefined where that is not known. */
  shapes(template: number): readonly (Shape | undefined)[] {
    let shapes = this.#shapes[template];
    if (shapes === undefined) {
      const variables = this.#variablesOf(template);
      shapes = Array.from({ length: variables }, (_, v) => this.#shapesOf(v)[template]);
      this.#shapes[template] = shapes;
      this.#bytes += 8 * variables;
    }
    return shapes;
  }

  hasShapes(template: number): boolean {
    return this.#shapes[template] !== undefined;
  }

  /** By template. Those of all variables that were read are found out at once. */
  #shapesOf(variable: number): readonly (Shape | undefined)[] {
    const known = this.#variableShapes[variable];
    if (known !== undefined) return known;
    const { numbers } = this.templates;
    const rowsOf = this.#templateRows();
    const seen = new SeenValues(rowsOf.length);
    for (let v = 0; v < this.variables; v++) {
      const column = this.texts(variableColumns[v] ?? "");
      if (column === undefined || this.#variableShapes[v] !== undefined) continue;
      const split = this.split(v);
      // What is put together of shapes and digits is not for it: then nothing is known.
      const isKnown = split !== undefined || !column.isPacked;
      const shapes = isKnown ? shapesOf(seen, column, split, numbers, rowsOf) : [];
      this.#bytes += 8 * shapes.length;
      this.#variableShapes[v] = shapes;
    }
    return (this.#variableShapes[variable] ??= []);
  }

  #variablesOf(template: number): number {
    const one = this.templates.values[template];
    return one === undefined ? 0 : variablesOf(one);
  }

  #templateRows(): Uint32Array {
    if (this.#rowsOf !== undefined) return this.#rowsOf;
    const { values, numbers } = this.templates;
    const rows = new Uint32Array(values.length);
    for (let row = 0; row < numbers.length; row++) {
      const number = numbers[row] ?? noEntry;
      if (number < rows.length) rows[number] = (rows[number] ?? 0) + 1;
    }
    return (this.#rowsOf = rows);
  }

  /** Variables of the template that has most. */
  get variables(): number {
    if (this.#templates === undefined) return 0;
    this.#variables ??= this.templates.values.reduce(
      (most, template) => Math.max(most, variablesOf(template)),
      0,
    );
    return this.#variables;
  }

  #wanted<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw new UnsupportedParquet(`no column ${name}`);
    return value;
  }
}

/** For the texts of a column; undefined where there are none. */
export function cursorOf(group: LogGroup, name: string): RowCursor | undefined {
  return group.texts(name)?.cursor();
}

/** The same for a few rows of the row group. */
export function fewCursorOf(group: LogGroup, name: string): RowCursor | undefined {
  return group.texts(name)?.fewCursor();
}

const isVariable: ReadonlySet<string> = new Set(variableColumns);
const variableOfDigits: ReadonlyMap<string, string> = new Map(
  variableColumns.map((name) => [digitsColumn(name), name]),
);
const noNumbered = { values: [], numbers: new Uint32Array() };

/** The stretch of memory that all of the entries are pieces of, with what stands between them; undefined where they are not of one. */
function sharedBytes(entries: readonly Uint8Array[]): Buffer | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const { buffer } = first;
  let [start, end] = [first.byteOffset, first.byteOffset];
  for (const entry of entries) {
    if (entry.buffer !== buffer) return undefined;
    start = Math.min(start, entry.byteOffset);
    end = Math.max(end, entry.byteOffset + entry.length);
  }
  return Buffer.from(buffer, start, end - start);
}
