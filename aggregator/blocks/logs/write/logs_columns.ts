import { isUtf8 } from "node:buffer";
import type { LineColumns, Texts } from "#shared/model/line_columns.ts";
import { type LineTemplate, templateVariablesMax, unmined } from "#shared/model/line_template.ts";
import { variableColumns } from "../texts/column_names.ts";
import { NumberedPlace } from "../texts/numbered_place.ts";
import type { ShapedCursor } from "../texts/shaped_cursor.ts";
import { VariableColumn } from "../texts/variable_column.ts";
import { AttributesColumn, severityColumn, StreamColumn, TemplateColumn } from "./logs_numbers.ts";
import type { LogRows, Run } from "./logs_order.ts";
import { countTexts, type Stretch, wholeLine } from "./logs_source.ts";
import {
  TextColumn,
  textPages,
  type WrittenDictionary,
  type WrittenTexts,
} from "../texts/written_texts.ts";
import { timeColumn } from "./logs_times.ts";
import { ByteSink } from "../../parquet/byte_sink.ts";
import type { ColumnPages, ColumnSchema } from "../../parquet/parquet_writer.ts";
import { fullPresence, noPresence, type Presence, presenceOf } from "../../parquet/presence.ts";

/** Taken without a pause: some milliseconds, of rows with attributes of their own some ten. */
const rowsPerStep = 8_192;
/** A run costs as much as so many rows of it. */
const rowsPerRun = 7;
/** Large enough to compress well, small enough to be read as one piece. */
export const logsRowGroupRows = 65_536;

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

/** Gets the columns of variables, of bodies, and of bodies that are not UTF-8. */
export type SearchedTexts = {
  add(
    rows: number,
    templates: readonly LineTemplate[],
    columns: readonly (WrittenTexts | WrittenDictionary)[],
  ): void;
};

/** The width of a row whose line has no template and is no UTF-8. */
const rawLine = wholeLine - 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Turns records in the order of a block into the columns of its row groups. What it needs for one serves the next. */
export class LogsColumns {
  readonly #variables = variableColumns.map(() => new VariableColumn(variablesLevel));
  readonly #bodies = new TextColumn();
  readonly #raw = new TextColumn();
  /** Of each row: as the sources', or `rawLine` in place of `wholeLine`. */
  readonly #widths = new Uint8Array(logsRowGroupRows);
  readonly #counts = new Uint32Array(templateVariablesMax + 1);
  readonly #ms = new Float64Array(logsRowGroupRows);
  readonly #nanos = new Uint32Array(logsRowGroupRows);
  readonly #severities = new Uint8Array(logsRowGroupRows);
  readonly #isPresent = new Uint8Array(logsRowGroupRows);
  /** Templates of some records, and then numbers of severities. */
  readonly #active = new Uint32Array(logsRowGroupRows);
  readonly #sinks = { page: new ByteSink(0), texts: new ByteSink(0) };
  readonly #streams = new StreamColumn();
  readonly #templates = new TemplateColumn();
  readonly #attributes = new AttributesColumn();
  minMs = Infinity;
  maxMs = -Infinity;

  /** For a new file. */
  begin(): void {
    this.minMs = Infinity;
    this.maxMs = -Infinity;
  }

  /** Lets go of what belongs to the last row group; keeps the memory that the next one will need. */
  end(): void {
    for (const column of [this.#streams, this.#templates, this.#attributes]) column.begin(0);
  }

  /**
   * At most logsRowGroupRows. Takes the records out of their stretches; a column is good until the next one is asked for. Undefined: a good place for
   * a pause.
   */
  *rowGroup({ rows, runs }: LogRows, searched?: SearchedTexts): Generator<ColumnPages | undefined> {
    const ms = this.#ms.subarray(0, rows);
    const nanos = this.#nanos.subarray(0, rows);
    const severities = this.#severities.subarray(0, rows);
    const [streams, templates, attributes] = [this.#streams, this.#templates, this.#attributes];
    for (const column of [streams, templates, attributes]) column.begin(rows);
    for (const column of [...this.#variables, this.#bodies, this.#raw]) column.clear();
    let row = 0;
    let sincePause = 0;
    for (const { stretch, count } of partsOf(runs)) {
      if (sincePause >= rowsPerStep) {
        yield undefined;
        sincePause = 0;
      }
      sincePause += count + rowsPerRun;
      const { batch, columns, widths } = stretch.source;
      const [from, to] = [stretch.at, stretch.at + count];
      ms.set(batch.timestampsMs.subarray(from, to), row);
      nanos.set(batch.nanos.subarray(from, to), row);
      severities.set(batch.severities.subarray(from, to), row);
      this.#widths.set(widths.subarray(from, to), row);
      streams.add(stretch.stream, count);
      templates.add(columns, from, to, row);
      if (batch.attributes !== undefined) attributes.add(batch.attributes, from, to, row);
      this.#takeTexts(stretch, to, row);
      stretch.at = to;
      row += count;
    }
    this.#noteTimes(ms);
    const variables = this.#variables.map((column) => ({ column, content: column.content }));
    const contents = variables.map(({ content }) => content);
    yield undefined;
    searched?.add(rows, templates.templates, [...contents, this.#bodies, this.#raw]);
    yield timeColumn(ms, nanos);
    yield streams.pages();
    yield severityColumn(severities, this.#active);
    yield templates.pages();
    for (const [place, { column, content }] of variables.entries()) {
      const count = "entries" in content ? content.numbers.length : content.lengths.length;
      const presence = this.#presence(rows, count, place + 1, templateVariablesMax);
      yield column.pages(content, presence, this.#sinks);
    }
    const [bodies, raw, { page }] = [this.#bodies, this.#raw, this.#sinks];
    yield textPages(bodies, this.#presence(rows, bodies.count, rawLine, wholeLine), page);
    yield textPages(raw, this.#presence(rows, raw.count, rawLine, rawLine), page);
    yield attributes.pages();
  }

  /** Apart from rowGroup(): a loop over rows has the function around it compiled with all that it calls, half a second for one that runs a few times. */
  #noteTimes(ms: Float64Array): void {
    let [minMs, maxMs] = [this.minMs, this.maxMs];
    for (let i = 0; i < ms.length; i++) {
      const timeMs = ms[i] ?? 0;
      if (timeMs < minMs) minMs = timeMs;
      if (timeMs > maxMs) maxMs = timeMs;
    }
    this.minMs = minMs;
    this.maxMs = maxMs;
  }

  /** Which rows are of a width within the bounds, `count` of them all. */
  #presence(rows: number, count: number, least: number, most: number): Presence {
    if (count === 0) return noPresence(rows);
    if (count === rows) return fullPresence(rows);
    const have = this.#isPresent.subarray(0, rows);
    const widths = this.#widths;
    for (let row = 0; row < rows; row++) {
      const width = widths[row] ?? 0;
      have[row] = Number(width >= least && width <= most);
    }
    return presenceOf(have);
  }

  /** Texts of the stretch's records up to `end`, which become the rows from `row` on. */
  #takeTexts(stretch: Stretch, end: number, row: number): void {
    const { source, cells } = stretch;
    const { places, columns, values, starts } = source;
    const counts = this.#counts.subarray(0, places.length + 1);
    if (stretch.shaped !== undefined) this.#takeShaped(stretch.shaped, columns, stretch.at, end);
    countTexts(source, stretch.at, end, counts);
    for (const [place, texts] of places.entries()) {
      const count = counts[place] ?? 0;
      if (count === 0) break;
      const cell = cells + place;
      const value = values[cell] ?? 0;
      const column = this.#variables[place];
      if (texts instanceof NumberedPlace) column?.takeNumbered(texts, value, count);
      else starts[cell] = column?.take(texts, value, starts[cell] ?? 0, count) ?? 0;
      values[cell] = value + count;
    }
    const count = counts[places.length] ?? 0;
    if (count === 0) return;
    const last = cells + places.length;
    const [value, start] = [values[last] ?? 0, starts[last] ?? 0];
    values[last] = value + count;
    starts[last] = source.isText
      ? this.#bodies.take(columns.whole, value, start, count)
      : this.#takeBytes(columns.whole, value, start, row, end - stretch.at);
  }

  #takeShaped(cursor: ShapedCursor, { templateOf }: LineColumns, from: number, to: number): void {
    const { widths } = cursor.variables;
    const active = this.#active;
    let count = 0;
    for (let row = from; row < to; row++) {
      const template = templateOf[row] ?? unmined;
      if (template !== unmined && (widths[template] ?? 0) > 0) active[count++] = template;
    }
    for (let place = 0; count > 0; place++) {
      this.#variables[place]?.takeShaped(cursor, place, active.subarray(0, count));
      const before = count;
      count = 0;
      for (let i = 0; i < before; i++) {
        const template = active[i] ?? 0;
        if ((widths[template] ?? 0) > place + 1) active[count++] = template;
      }
    }
  }

  /** Lines some of which are no UTF-8; they are there twice. */
  #takeBytes(whole: Texts, value: number, start: number, row: number, rows: number): number {
    let at = start;
    let next = value;
    for (let i = row; i < row + rows; i++) {
      if (this.#widths[i] !== wholeLine) continue;
      const end = at + (whole.lengths[next++] ?? 0);
      const bytes = whole.bytes.subarray(at, end);
      at = end;
      if (isUtf8(bytes)) this.#bodies.add(bytes);
      else {
        this.#raw.add(bytes);
        this.#bodies.add(encoder.encode(decoder.decode(bytes)));
        this.#widths[i] = rawLine;
      }
    }
    return at;
  }
}

/** Long runs in parts. */
function* partsOf(runs: readonly Run[]): Generator<Run> {
  for (const run of runs)
    if (run.count <= rowsPerStep) yield run;
    else
      for (let left = run.count; left > 0; left -= rowsPerStep)
        yield { stretch: run.stretch, count: Math.min(left, rowsPerStep) };
}
