import {
  type LineTemplate,
  type MinedLines,
  templateOfText,
  unmined,
  variablesOf,
} from "#shared/model/line_template.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { parseLabels } from "./labels_text.ts";
import { variableColumns } from "./logs_columns.ts";
import {
  flatIntegers,
  flatNumberedTexts,
  flatTexts,
  flatTimes,
  noEntry,
  type NumberedTexts,
  type TextValues,
} from "./parquet/flat_columns.ts";
import type { FlatColumn } from "./parquet/flat_pages.ts";
import type { RowGroup } from "./parquet/footer.ts";
import type { ParquetFile } from "./parquet/parquet_file.ts";
import { UnsupportedParquet } from "./parquet/unsupported.ts";

const decoder = new TextDecoder();

/**
 * A row group of a block of logs as a batch, bodies made whole. Rows stand as in the file: by stream, then time. Throws
 * UnsupportedParquet.
 */
export async function readLogsGroup(file: ParquetFile, group: RowGroup): Promise<LogsBatch> {
  const { rows } = group;
  const names = [
    "ts",
    "stream",
    "severity",
    "template",
    ...variableColumns,
    "body",
    "body_raw",
    "attributes",
  ];
  const chunks = names.flatMap((name) => group.columns.get(name) ?? []);
  const pieces = await file.bytesOf(chunks);
  const columns = new Map(
    chunks.map((chunk, i) => [chunk.path, { chunk, bytes: pieces[i] ?? new Uint8Array(), rows }]),
  );
  const { ms, nanos } = flatTimes(wanted(columns, "ts"));
  const streams = flatNumberedTexts(wanted(columns, "stream"));
  const severities = Uint8Array.from(flatIntegers(wanted(columns, "severity")));
  const attributes = attributesOf(columns.get("attributes"));
  return {
    streams: streams.entries.map((text) => parseLabels("", decoder.decode(text))),
    streamOf: streams.numbers,
    timestampsMs: ms,
    nanos,
    severities,
    ...bodiesOf(columns, rows),
    ...(attributes && { attributes }),
  };
}

type Columns = ReadonlyMap<string, FlatColumn>;

function wanted(columns: Columns, name: string): FlatColumn {
  const column = columns.get(name);
  if (column === undefined) throw new UnsupportedParquet(`no column ${name}`);
  return column;
}

function attributesOf(column: FlatColumn | undefined): (Labels | undefined)[] | undefined {
  if (column === undefined) return undefined;
  const { entries, numbers } = flatNumberedTexts(column);
  if (entries.length === 0) return undefined;
  const labels = entries.map((text) => parseLabels("", decoder.decode(text)));
  return Array.from(numbers, (number) => labels[number]);
}

function bodiesOf(
  columns: Columns,
  rows: number,
): Pick<LogsBatch, "bodies" | "bodyEnds"> & { mined?: MinedLines } {
  const body = textsOf(columns.get("body"));
  const raw = textsOf(columns.get("body_raw"));
  const template = columns.get("template");
  const numbered = template === undefined ? undefined : flatNumberedTexts(template);
  if (numbered === undefined || numbered.entries.length === 0) return plainBodies(body, raw, rows);
  return minedBodies(columns, numbered, body, raw, rows);
}

/** Takes the texts of a column one after another. */
class Cursor {
  readonly bytes: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #isPresent: Uint8Array | undefined;
  #next = 0;
  start = 0;
  end = 0;

  constructor({ bytes, ends, isPresent }: TextValues) {
    this.bytes = bytes;
    this.#ends = ends;
    this.#isPresent = isPresent;
  }

  has(row: number): boolean {
    return this.#ends.length > 0 && this.#isPresent?.[row] !== 0;
  }

  /** Sets `start` and `end` to the next text; gives its length. */
  take(): number {
    this.start = this.end;
    this.end = this.#ends[this.#next++] ?? this.end;
    return this.end - this.start;
  }
}

function textsOf(column: FlatColumn | undefined): Cursor {
  if (column === undefined)
    return new Cursor({ bytes: new Uint8Array(), ends: new Uint32Array(), isPresent: undefined });
  return new Cursor(flatTexts(column));
}

function plainBodies(body: Cursor, raw: Cursor, rows: number) {
  const bodies = new Uint8Array(body.bytes.length + raw.bytes.length);
  const bodyEnds = new Uint32Array(rows);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    at = copyPlain(body, raw, row, bodies, at);
    bodyEnds[row] = at;
  }
  return { bodies: bodies.subarray(0, at), bodyEnds };
}

/** A body that is no text has its bytes beside it, and those are the body. */
function copyPlain(body: Cursor, raw: Cursor, row: number, into: Uint8Array, at: number): number {
  if (body.has(row)) body.take();
  const from = raw.has(row) ? raw : body;
  if (from === raw) raw.take();
  else if (!body.has(row)) return at;
  return copy(from, into, at);
}

function copy({ bytes, start, end }: Cursor, into: Uint8Array, at: number): number {
  let to = at;
  for (let i = start; i < end; i++) into[to++] = bytes[i] ?? 0;
  return to;
}

function minedBodies(
  columns: Columns,
  { entries, numbers }: NumberedTexts,
  body: Cursor,
  raw: Cursor,
  rows: number,
) {
  const templates = entries.map((text) => templateOfText(decoder.decode(text)));
  const most = templates.reduce((max, template) => Math.max(max, variablesOf(template)), 0);
  const variables = variableColumns.slice(0, most).map((name) => textsOf(columns.get(name)));
  const { bytes, count } = sizesOf(templates, numbers, variables);
  const bodies = new Uint8Array(bytes + body.bytes.length + raw.bytes.length);
  const bodyEnds = new Uint32Array(rows);
  const variableLengths = new Uint32Array(count);
  let [at, next] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const template = templates[numbers[row] ?? noEntry];
    if (template === undefined) at = copyPlain(body, raw, row, bodies, at);
    else {
      const { parts, partEnds } = template;
      let part = 0;
      for (let v = 0; v < partEnds.length; v++) {
        for (const partEnd = partEnds[v] ?? 0; part < partEnd;) bodies[at++] = parts[part++] ?? 0;
        const column = v < partEnds.length - 1 ? variables[v] : undefined;
        if (column === undefined) continue;
        variableLengths[next++] = column.take();
        at = copy(column, bodies, at);
      }
    }
    bodyEnds[row] = at;
  }
  const templateOf = numbers.map((number) => (number === noEntry ? unmined : number));
  const mined = { templates, templateOf, variableLengths };
  return { bodies: bodies.subarray(0, at), bodyEnds, mined };
}

/** Bytes of all mined bodies, and their variables. */
function sizesOf(
  templates: readonly LineTemplate[],
  numbers: Uint32Array,
  variables: readonly Cursor[],
): { bytes: number; count: number } {
  let bytes = variables.reduce((sum, column) => sum + column.bytes.length, 0);
  let count = 0;
  for (const number of numbers) {
    const template = templates[number];
    if (template === undefined) continue;
    bytes += template.parts.length;
    count += template.partEnds.length - 1;
  }
  return { bytes, count };
}
