import { type LineColumns, noTexts, type Texts } from "#shared/model/line_columns.ts";
import { templateVariablesMax, unmined, variablesOf } from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";

/** What there is of records beside their lines. */
export type Records = Omit<LogsBatch, "bodies" | "bodyEnds" | "columns" | "mined">;

/** The columns of a batch that has its lines whole. */
export function takeApart({ bodies, bodyEnds, mined }: LogsBatch): LineColumns {
  const count = bodyEnds.length;
  const templates = mined?.templates ?? [];
  const templateOf = mined?.templateOf ?? new Uint32Array(count).fill(unmined);
  const counts = new Uint32Array(templateVariablesMax + 1);
  const widths = templates.map(variablesOf);
  for (let row = 0; row < count; row++) {
    const width = widths[templateOf[row] ?? unmined];
    if (width === undefined) counts[templateVariablesMax] = (counts[templateVariablesMax] ?? 0) + 1;
    else for (let place = 0; place < width; place++) counts[place] = (counts[place] ?? 0) + 1;
  }
  const sinks = Array.from(counts, (texts) => new TextSink(texts));
  const whole = sinks.pop() ?? new TextSink(0);
  let [at, variable] = [0, 0];
  for (let row = 0; row < count; row++) {
    const end = bodyEnds[row] ?? at;
    const template = templates[templateOf[row] ?? unmined];
    if (template === undefined) whole.add(at, end - at);
    else {
      let part = 0;
      for (let place = 0; place < template.partEnds.length - 1; place++) {
        const partEnd = template.partEnds[place] ?? 0;
        at += partEnd - part;
        part = partEnd;
        const length = mined?.variableLengths[variable++] ?? 0;
        sinks[place]?.add(at, length);
        at += length;
      }
    }
    at = end;
  }
  const places = sinks
    .filter(({ lengths }) => lengths.length > 0)
    .map((sink) => sink.texts(bodies));
  return { templates, templateOf, places, whole: whole.texts(bodies) };
}

/** Where texts stand, as many as were announced. */
class TextSink {
  readonly lengths: Uint32Array;
  readonly #starts: Uint32Array;
  #count = 0;
  #bytes = 0;

  constructor(count: number) {
    this.lengths = new Uint32Array(count);
    this.#starts = new Uint32Array(count);
  }

  add(start: number, length: number): void {
    this.#starts[this.#count] = start;
    this.lengths[this.#count++] = length;
    this.#bytes += length;
  }

  texts(source: Uint8Array): Texts {
    return {
      bytes: gather(source, this.#starts, this.lengths, this.#bytes),
      lengths: this.lengths,
    };
  }
}

/** Rows by stream, each stream's in order of time; those of equal time as they stood. */
export function groupedOrder({ streamOf, timestampsMs, nanos }: Records): Uint32Array {
  const rows = Uint32Array.from(streamOf, (_, row) => row);
  return rows.toSorted(
    (a, b) =>
      (streamOf[a] ?? 0) - (streamOf[b] ?? 0) ||
      (timestampsMs[a] ?? 0) - (timestampsMs[b] ?? 0) ||
      (nanos[a] ?? 0) - (nanos[b] ?? 0) ||
      a - b,
  );
}

/** Some rows, or all of them, in another order. */
export function pickRecords(batch: Records, rows: Uint32Array): Records {
  const { streams, streamOf, timestampsMs, nanos, severities, attributes } = batch;
  return {
    streams,
    streamOf: rows.map((row) => streamOf[row] ?? 0),
    timestampsMs: Float64Array.from(rows, (row) => timestampsMs[row] ?? 0),
    nanos: rows.map((row) => nanos[row] ?? 0),
    severities: Uint8Array.from(rows, (row) => severities[row] ?? 0),
    ...(attributes && { attributes: Array.from(rows, (row) => attributes[row]) }),
  };
}

/** The lines of some rows, or of all of them, in another order. */
export function pickLines(columns: LineColumns, rows: Uint32Array): LineColumns {
  const { templates, templateOf, places, whole } = columns;
  const widths = templates.map(variablesOf);
  const widthOf = (row: number) => widths[templateOf[row] ?? unmined];
  const pick = (texts: Texts, has: (row: number) => boolean) =>
    pickTexts(texts, templateOf.length, rows, has);
  return {
    templates,
    templateOf: rows.map((row) => templateOf[row] ?? unmined),
    places: places.map((texts, place) => pick(texts, (row) => (widthOf(row) ?? 0) > place)),
    whole: pick(whole, (row) => widthOf(row) === undefined),
  };
}

/** `has`: whether a row has one of the texts. */
function pickTexts(
  { bytes, lengths }: Texts,
  rowCount: number,
  rows: Uint32Array,
  has: (row: number) => boolean,
): Texts {
  if (lengths.length === 0) return noTexts;
  const valueOf = new Uint32Array(rowCount);
  const starts = new Uint32Array(lengths.length);
  let [value, start] = [0, 0];
  for (let row = 0; row < rowCount; row++) {
    if (!has(row)) continue;
    starts[value] = start;
    start += lengths[value] ?? 0;
    valueOf[row] = value++;
  }
  const own = lengths.slice(0, Math.min(rows.length, lengths.length));
  const from = new Uint32Array(own.length);
  let [count, size] = [0, 0];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    if (!has(row)) continue;
    const old = valueOf[row] ?? 0;
    size += own[count] = lengths[old] ?? 0;
    from[count++] = starts[old] ?? 0;
  }
  const picked = own.subarray(0, count);
  return { bytes: gather(bytes, from, picked, size), lengths: picked };
}

function gather(
  source: Uint8Array,
  starts: Uint32Array,
  lengths: Uint32Array | Uint8Array,
  size: number,
): Uint8Array {
  const bytes = new Uint8Array(size);
  let to = 0;
  for (let i = 0; i < lengths.length; i++) {
    let from = starts[i] ?? 0;
    for (const end = from + (lengths[i] ?? 0); from < end; from++) bytes[to++] = source[from] ?? 0;
  }
  return bytes;
}
