import type { LineTemplate } from "#shared/model/line_template.ts";
import { templateOfText, variablesOf } from "#shared/model/line_template.ts";
import type { Labels } from "#shared/model/labels.ts";
import { parseLabels } from "../labels_text.ts";
import {
  flatIntegers,
  flatNumberedTexts,
  flatTimes,
  type NumberedTexts,
} from "../parquet/flat_columns.ts";
import type { FlatColumn } from "../parquet/flat_pages.ts";
import type { RowGroup } from "../parquet/footer.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import { variableColumns } from "../logs_columns.ts";
import { sameSet } from "./byte_sets.ts";
import { TextColumn, TextCursor } from "./text_values.ts";

const decoder = new TextDecoder();
const labelBytes = 300;
const entryBytes = 64;

/** A column of names by number: noEntry where a row has none. */
export type Numbered<Value> = { readonly values: readonly Value[]; readonly numbers: Uint32Array };
export type Times = { readonly ms: Float64Array; readonly nanos: Uint32Array };

/** What was read of a row group so far; shared by queries, so nothing in it changes but by becoming more. */
export class LogGroup {
  readonly rows: number;
  readonly #group: RowGroup;
  readonly #columns = new Map<string, unknown>();
  readonly #texts = new Map<string, TextColumn>();
  #times: Times | undefined;
  #streams: Numbered<Labels> | undefined;
  #runEnds: Uint32Array | undefined;
  #severities: Uint8Array | undefined;
  #templates: Numbered<LineTemplate> | undefined;
  #attributes: Numbered<Labels> | undefined;
  #lineEnds: Uint32Array | undefined;
  /** By variable, then by template. */
  readonly #bytesIn: Uint8Array[][] = [];
  #bytes = entryBytes;

  constructor(group: RowGroup) {
    this.#group = group;
    this.rows = group.rows;
  }

  /** An estimate of the memory it takes. */
  get bytes(): number {
    let bytes = this.#bytes;
    for (const { memory } of this.#texts.values()) bytes += memory;
    return bytes;
  }

  /** Names of those columns that the file has and that were not read yet. */
  missing(names: Iterable<string>): string[] {
    return [...names].filter((name) => !this.#columns.has(name) && this.#group.columns.has(name));
  }

  /** Throws UnsupportedParquet. */
  take(name: string, bytes: Uint8Array): void {
    const chunk = this.#group.columns.get(name);
    if (chunk === undefined || this.#columns.has(name)) return;
    this.#decode(name, { chunk, bytes, rows: this.rows });
    this.#columns.set(name, true);
  }

  #decode(name: string, column: FlatColumn): void {
    switch (name) {
      case "ts":
        this.#times = flatTimes(column);
        this.#bytes += 12 * this.rows;
        break;
      case "severity":
        this.#severities = Uint8Array.from(flatIntegers(column));
        this.#bytes += this.rows;
        break;
      case "stream":
        this.#streams = this.#numbered(column, (text) => parseLabels("", text), labelBytes);
        break;
      case "attributes":
        this.#attributes = this.#numbered(column, (text) => parseLabels("", text), labelBytes);
        break;
      case "template":
        this.#templates = this.#numbered(column, templateOfText, labelBytes);
        break;
      default:
        this.#texts.set(name, new TextColumn(column));
    }
  }

  #numbered<Value>(
    column: FlatColumn,
    parse: (text: string) => Value,
    each: number,
  ): Numbered<Value> {
    const { entries, numbers }: NumberedTexts = flatNumberedTexts(column);
    this.#bytes += 4 * this.rows;
    const values = entries.map((entry) => {
      this.#bytes += each + 2 * entry.length;
      return parse(decoder.decode(entry));
    });
    return { values, numbers };
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

  /** Where each row's line would end if all stood one after another, as LogsBatch.bodyEnds; undefined until it is kept once. */
  get lineEnds(): Uint32Array | undefined {
    return this.#lineEnds;
  }

  keepLineEnds(ends: Uint32Array): void {
    if (this.#lineEnds === undefined) this.#bytes += ends.byteLength;
    this.#lineEnds = ends;
  }

  /** Which bytes a variable of a template has in this row group; its column was read. */
  bytesIn(template: number, variable: number): Uint8Array {
    let sets = this.#bytesIn[variable];
    if (sets === undefined) {
      sets = this.#setsOf(variableColumns[variable] ?? "");
      this.#bytesIn[variable] = sets;
      this.#bytes += 8 * sets.length;
    }
    return sets[template] ?? noBytes;
  }

  #setsOf(name: string): Uint8Array[] {
    const { values, numbers } = this.templates;
    const sets = values.map(() => new Uint8Array(256));
    const column = this.texts(name);
    if (column === undefined) return sets.map(() => noBytes);
    const { bytes, ends, rowOf } = column;
    let at = 0;
    for (let value = 0; value < ends.length; value++) {
      const end = ends[value] ?? 0;
      const set = sets[numbers[rowOf === undefined ? value : (rowOf[value] ?? 0)] ?? 0];
      if (set !== undefined) for (; at < end; at++) set[bytes[at] ?? 0] = 1;
      at = end;
    }
    return sets.map((set) => sameSet(set));
  }

  /** Variables of the template that has most. */
  get variables(): number {
    return this.templates.values.reduce(
      (most, template) => Math.max(most, variablesOf(template)),
      0,
    );
  }

  #wanted<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw new UnsupportedParquet(`no column ${name}`);
    return value;
  }
}

/** For the texts of a column; undefined where there are none. */
export function cursorOf(group: LogGroup, name: string): TextCursor | undefined {
  const texts = group.texts(name);
  return texts === undefined ? undefined : new TextCursor(texts);
}

const noBytes = new Uint8Array(256);
const noNumbered = { values: [], numbers: new Uint32Array() };
