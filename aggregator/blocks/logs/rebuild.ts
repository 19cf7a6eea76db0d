import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import {
  type LineTemplate,
  type MinedLines,
  unmined,
  variablesOf,
} from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { variableColumns } from "./texts/column_names.ts";
import { noEntry } from "../parquet/flat_columns.ts";
import { cursorOf, fewCursorOf, type LogGroup } from "./log_group.ts";
import type { RowCursor } from "./texts/compact_texts.ts";

/** Where fewer of the lines are wanted, no other line's texts are put together. */
const fewMax = 1 / 16;

/** Columns that lines are made of; the variables as many as the templates have. */
export function bodyColumns(group: LogGroup): string[] {
  return [...variableColumns.slice(0, group.variables), "body", "body_raw"];
}

/** Columns of lines that were not taken apart. */
export const unminedColumns = ["body", "body_raw"] as const;

/** Templates of some rows, ascending, and the lines of those that have none. `group` has its templates and unminedColumns. */
export function rebuildUnmined(
  group: LogGroup,
  rows: Uint32Array,
): Pick<LogsBatch, "bodies" | "bodyEnds" | "mined"> {
  const { values: templates, numbers } = group.templates;
  const [body, raw] = [cursorOf(group, "body"), cursorOf(group, "body_raw")];
  const sink = new GrowingBytes(1_024);
  const bodyEnds = new Uint32Array(rows.length);
  const templateOf = new Uint32Array(rows.length).fill(unmined);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    const number = templates.length === 0 ? noEntry : (numbers[row] ?? noEntry);
    if (templates[number] !== undefined) templateOf[i] = number;
    else if (raw?.seek(row) === true) sink.add(raw.bytes, raw.start, raw.end);
    else if (body?.seek(row) === true) sink.add(body.bytes, body.start, body.end);
    bodyEnds[i] = sink.length;
  }
  const bodies = sink.bytes.subarray(0, sink.length);
  return { bodies, bodyEnds, mined: { templates, templateOf, variableLengths: new Uint32Array() } };
}

/**
 * Where each row's line would end if those with more than `count` variables had no more. Remembered. `group` has its templates and so many of
 * bodyColumns(), which need no digits.
 */
export function lineEndsUpTo(group: LogGroup, count: number): Uint32Array {
  let ends = group.lineEnds(count);
  if (ends === undefined) group.keepLineEnds(count, (ends = lineEndsOf(group, count)));
  return ends;
}

/** Of the lengths of templates and variables alone. */
function lineEndsOf(group: LogGroup, count: number): Uint32Array {
  const { values: templates, numbers } = group.templates;
  const constants = templates.map(({ parts }) => parts.length);
  const of = (name: string) => {
    const lengths = new Uint32Array(group.rows);
    group.texts(name)?.addLengths(lengths);
    return lengths;
  };
  const variables = new Uint32Array(group.rows);
  for (const name of variableColumns.slice(0, count)) group.texts(name)?.addLengths(variables);
  // A line that was not taken apart is one of these two.
  const [body, raw] = [of("body"), of("body_raw")];
  const ends = new Uint32Array(group.rows);
  let end = 0;
  for (let row = 0; row < ends.length; row++) {
    const constant = templates.length === 0 ? undefined : constants[numbers[row] ?? noEntry];
    end +=
      constant === undefined
        ? (raw[row] ?? 0) || (body[row] ?? 0)
        : constant + (variables[row] ?? 0);
    ends[row] = end;
  }
  return ends;
}

/** Columns that lines of some rows are made of. `group` has its templates. */
export function columnsOfRows(group: LogGroup, rows: Uint32Array): string[] {
  return [...variableColumns.slice(0, variablesIn(group, rows)), "body", "body_raw"];
}

/** Variables of that of the rows' templates which has most. `group` has its templates. */
export function variablesIn(group: LogGroup, rows: Uint32Array): number {
  const { values, numbers } = group.templates;
  const counts = values.map(variablesOf);
  let most = 0;
  if (counts.length > 0)
    for (let i = 0; i < rows.length; i++)
      most = Math.max(most, counts[numbers[rows[i] ?? 0] ?? noEntry] ?? 0);
  return most;
}

/** Lines of some rows, ascending, as a batch has them. `group` has its templates and columnsOfRows(). */
export function rebuildBodies(group: LogGroup, rows: Uint32Array): RebuiltLines {
  const lines = new Rebuilding(group, rows);
  lines.add(0, rows.length);
  return lines.take();
}

/** As rebuildBodies(), with pauses: a row group of long lines takes up to 100 ms. */
export async function rebuildInTurns(group: LogGroup, rows: Uint32Array): Promise<RebuiltLines> {
  const lines = new Rebuilding(group, rows);
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    if (isTurnOver()) await nextTurn();
    lines.add(from, Math.min(from + rowsAtOnce, rows.length));
  }
  return lines.take();
}

export type RebuiltLines = Pick<LogsBatch, "bodies" | "bodyEnds"> & { readonly mined?: MinedLines };

/** Some milliseconds for lines of a kilobyte. */
const rowsAtOnce = 1_024;

class Rebuilding {
  readonly #templates: readonly LineTemplate[];
  readonly #numbers: LogGroup["templates"]["numbers"];
  readonly #rows: Uint32Array;
  readonly #variables: readonly (RowCursor | undefined)[];
  readonly #body: RowCursor | undefined;
  readonly #raw: RowCursor | undefined;
  readonly #sink: GrowingBytes;
  readonly #bodyEnds: Uint32Array;
  readonly #templateOf: Uint32Array;
  readonly #variableLengths: number[] = [];

  constructor(group: LogGroup, rows: Uint32Array) {
    const isFew = rows.length < fewMax * group.rows;
    const cursors = (name: string) => (isFew ? fewCursorOf : cursorOf)(group, name);
    this.#templates = group.templates.values;
    this.#numbers = group.templates.numbers;
    this.#rows = rows;
    this.#variables = variableColumns.slice(0, variablesIn(group, rows)).map(cursors);
    this.#body = cursors("body");
    this.#raw = cursors("body_raw");
    this.#sink = new GrowingBytes(128 * rows.length);
    this.#bodyEnds = new Uint32Array(rows.length);
    this.#templateOf = new Uint32Array(rows.length).fill(unmined);
  }

  /** Makes the lines of rows[from, to). */
  add(from: number, to: number): void {
    const [templates, numbers, sink] = [this.#templates, this.#numbers, this.#sink];
    const [body, raw] = [this.#body, this.#raw];
    for (let i = from; i < to; i++) {
      const row = this.#rows[i] ?? 0;
      const number = templates.length === 0 ? noEntry : (numbers[row] ?? noEntry);
      const template = templates[number];
      if (template !== undefined) {
        this.#templateOf[i] = number;
        addLine(sink, template, this.#variables, row, this.#variableLengths);
      } else if (raw?.seek(row) === true) sink.add(raw.bytes, raw.start, raw.end);
      else if (body?.seek(row) === true) sink.add(body.bytes, body.start, body.end);
      this.#bodyEnds[i] = sink.length;
    }
  }

  take(): RebuiltLines {
    const bodies = this.#sink.bytes.subarray(0, this.#sink.length);
    const bodyEnds = this.#bodyEnds;
    const templates = this.#templates;
    if (templates.length === 0) return { bodies, bodyEnds };
    const variableLengths = Uint32Array.from(this.#variableLengths);
    return {
      bodies,
      bodyEnds,
      mined: { templates, templateOf: this.#templateOf, variableLengths },
    };
  }
}

function addLine(
  sink: GrowingBytes,
  { parts, partEnds }: LineTemplate,
  variables: readonly (RowCursor | undefined)[],
  row: number,
  lengths: number[],
): void {
  let part = 0;
  for (let v = 0; v < partEnds.length; v++) {
    const end = partEnds[v] ?? 0;
    sink.add(parts, part, end);
    part = end;
    if (v === partEnds.length - 1) break;
    const variable = variables[v];
    if (variable?.seek(row) === true) {
      sink.add(variable.bytes, variable.start, variable.end);
      lengths.push(variable.end - variable.start);
    } else lengths.push(0);
  }
}

class GrowingBytes {
  bytes: Uint8Array;
  length = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  add(from: Uint8Array, start: number, end: number): void {
    const after = this.length + end - start;
    if (after > this.bytes.length) {
      const more = new Uint8Array(Math.max(after, 2 * this.bytes.length));
      more.set(this.bytes.subarray(0, this.length));
      this.bytes = more;
    }
    const { bytes } = this;
    let to = this.length;
    // Pieces are a few bytes long nearly always: quicker one by one.
    if (end - start > 64) bytes.set(from.subarray(start, end), to);
    else for (let i = start; i < end; i++) bytes[to++] = from[i] ?? 0;
    this.length = after;
  }
}
