import { fieldName } from "../../plot/display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { isHidden, numberAt, numbersOf, timeOf } from "../parts/fields.ts";
import type { HeatmapOptions } from "./options.ts";

/** Rows and columns of one picture: more are thinner than a pixel. */
const rowsMax = 500;
const columnsMax = 2_000;

export type HeatRow = {
  readonly name: string;
  /** Bounds where the row is a bucket of numbers. */
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  /** The column that it shows, with its times; undefined where it counts the values of many. */
  readonly source?: Column;
  /** A count for each moment; NaN for none. */
  readonly counts: Float64Array;
};

export type Heat = {
  readonly timesMs: Float64Array;
  readonly stepMs: number;
  /** From the lowest to the highest. */
  readonly rows: readonly HeatRow[];
  /** The largest and the smallest count. */
  readonly min: number;
  readonly max: number;
  /** What was left out, in words; empty where nothing was. */
  readonly notice: string;
};

const none: Heat = {
  timesMs: new Float64Array(),
  stepMs: 0,
  rows: [],
  min: 0,
  max: 0,
  notice: "",
};

/** The rows of a heatmap: buckets of a histogram, series by name, or counts of the series' values. */
export function heatOf(frames: readonly Frame[], options: HeatmapOptions, stepMs: number): Heat {
  const columns = frames.flatMap((frame) => {
    const time = timeOf(frame);
    if (time === undefined || frame.length === 0) return [];
    return numbersOf(frame)
      .filter((field) => !isHidden(field))
      .map((field) => ({ field, time }));
  });
  const first = columns[0];
  if (first === undefined) return none;
  const grid = gridOf(
    columns.map(({ time }) => time),
    stepMs,
  );
  const rows = options.calculate
    ? countedRows(columns, grid, options.buckets)
    : givenRows(columns, grid);
  let min = Infinity;
  let max = -Infinity;
  for (const { counts } of rows) {
    for (const count of counts) {
      if (Number.isNaN(count) || count <= options.hide_below) continue;
      if (count < min) min = count;
      if (count > max) max = count;
    }
  }
  const left = options.calculate ? 0 : columns.length - rows.length;
  return {
    timesMs: grid.timesMs,
    stepMs: grid.stepMs,
    rows,
    min: Number.isFinite(min) ? min : 0,
    max: Number.isFinite(max) ? max : 0,
    notice: left > 0 ? `${rows.length} of ${rows.length + left} rows` : "",
  };
}

/** A column, and the times of its frame. */
export type Column = { readonly field: Field; readonly time: Field };
type Grid = {
  readonly timesMs: Float64Array;
  readonly stepMs: number;
  readonly place: (ms: number) => number;
};

/** One grid for all frames, as fine as the query's step, or as the picture can show. */
function gridOf(times: readonly Field[], stepMs: number): Grid {
  let startMs = Infinity;
  let endMs = -Infinity;
  for (const time of new Set(times)) {
    startMs = Math.min(startMs, numberAt(time, 0));
    endMs = Math.max(endMs, numberAt(time, time.values.length - 1));
  }
  const first = times[0];
  const own = first === undefined ? 0 : numberAt(first, 1) - numberAt(first, 0);
  const fine = own > 0 ? own : Math.max(1, stepMs);
  const times1 = Math.max(1, Math.ceil((endMs - startMs) / fine / columnsMax));
  const step = fine * times1;
  const length = Math.min(columnsMax + 1, Math.floor((endMs - startMs) / step) + 1);
  return {
    timesMs: Float64Array.from({ length }, (_, i) => startMs + i * step),
    stepMs: step,
    place: (ms) => Math.floor((ms - startMs) / step + 1e-6),
  };
}

/** Each column is a row; those with the bucket bounds of a heatmap query have them from their labels. */
function givenRows(columns: readonly Column[], grid: Grid): HeatRow[] {
  const rows = columns.map(({ field, time }): HeatRow => {
    const counts = new Float64Array(grid.timesMs.length).fill(Number.NaN);
    for (let i = 0; i < field.values.length; i++) {
      const at = grid.place(numberAt(time, i));
      const value = numberAt(field, i);
      if (at < 0 || at >= counts.length || Number.isNaN(value)) continue;
      const before = counts[at] ?? Number.NaN;
      counts[at] = Number.isNaN(before) ? value : before + value;
    }
    return {
      name: fieldName(field),
      lower: boundOf(field.labels["gt"]),
      upper: boundOf(field.labels["le"] ?? numberName(field.name)),
      source: { field, time },
      counts,
    };
  });
  const isBuckets = rows.every(({ upper }) => upper !== undefined);
  const sorted = isBuckets ? rows.toSorted((a, b) => (a.upper ?? 0) - (b.upper ?? 0)) : rows;
  return sorted.slice(0, rowsMax);
}

function numberName(name: string): string | undefined {
  return /^[+-]?(?:\d[\d.e+-]*|inf)$/i.test(name) ? name : undefined;
}

function boundOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-inf$/i.test(text)) return Number.NEGATIVE_INFINITY;
  const bound = Number(text);
  return Number.isNaN(bound) ? undefined : bound;
}

/** How many series lie in which range at each moment. */
function countedRows(columns: readonly Column[], grid: Grid, wanted: number): HeatRow[] {
  let min = Infinity;
  let max = -Infinity;
  for (const { field } of columns) {
    for (let i = 0; i < field.values.length; i++) {
      const value = numberAt(field, i);
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (min > max) return [];
  const raw = (max - min) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const size = ([1, 2, 5, 10].find((times) => times * power >= raw) ?? 10) * power;
  const start = Math.floor(min / size) * size;
  const count = Math.min(rowsMax, Math.floor((max - start) / size) + 1);
  const rows = Array.from({ length: count }, (_, i) => ({
    name: String(Number((start + (i + 1) * size).toPrecision(10))),
    lower: start + i * size,
    upper: start + (i + 1) * size,
    counts: new Float64Array(grid.timesMs.length),
  }));
  for (const { field, time } of columns) {
    for (let i = 0; i < field.values.length; i++) {
      const value = numberAt(field, i);
      const at = grid.place(numberAt(time, i));
      if (!Number.isFinite(value) || at < 0 || at >= grid.timesMs.length) continue;
      const counts = rows[Math.min(count - 1, Math.floor((value - start) / size))]?.counts;
      if (counts !== undefined) counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  return rows;
}
