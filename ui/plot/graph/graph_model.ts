import { labelsKey, type Labels } from "#shared/model/labels.ts";
import { fieldName } from "../display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { reduceNumber } from "../../frames/reduce.ts";
import { fieldStyles } from "../color_modes.ts";
import type { GraphStyle } from "./graph_style.ts";

/** One series of a graph. */
export type GraphSeries = {
  /** The same from refresh to refresh. */
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
  readonly color: string;
  readonly dash: readonly number[];
  readonly field: Field;
  readonly style: GraphStyle;
  /** On the graph's positions; NaN is no value. */
  readonly values: Float64Array;
  /** Positions at which the series' own frame has a row; undefined where it has one at all. */
  readonly has: Uint8Array | undefined;
};

export type Graph = {
  /** Unix milliseconds, or any numbers in order. */
  readonly positions: Float64Array;
  readonly isTime: boolean;
  readonly series: readonly GraphSeries[];
  /** Series that the frames have, drawn or not. */
  readonly seriesCount: number;
};

type Context = {
  readonly dark: boolean;
  readonly seriesMax: number;
  readonly styleOf: (field: Field) => GraphStyle;
};

type Found = { readonly field: Field; readonly at: Field; readonly ref: string };

/** The number fields of frames over one axis: the first time field of each, or its first field where `isTime` is false. */
export function graphOf(frames: readonly Frame[], isTime: boolean, context: Context): Graph {
  const found = frames.flatMap(({ fields, ref }) => {
    const at = isTime
      ? fields.find(({ type }) => type === "time")
      : fields.find(({ type }) => type === "number" || type === "time");
    if (at === undefined) return [];
    return fields.flatMap((field): Found[] =>
      field !== at && (field.type === "number" || field.type === "boolean")
        ? [{ field, at, ref }]
        : [],
    );
  });
  const visible = found.filter(({ field }) => !context.styleOf(field).hidden);
  const kept = largest(visible, context.seriesMax);
  const positions = positionsOf(kept);
  const styles = fieldStyles(
    kept.map(({ field }) => field),
    context.dark,
  );
  const keys = new Map<string, number>();
  const series = kept.map(({ field, at, ref }, i): GraphSeries => {
    const style = context.styleOf(field);
    const { color = "#888888", dash = [] } = styles[i] ?? {};
    const base = `${ref}\u0000${field.name}\u0000${labelsKey(field.labels)}`;
    const times = keys.get(base) ?? 0;
    keys.set(base, times + 1);
    return {
      key: times === 0 ? base : `${base}\u0000${times}`,
      name: fieldName(field),
      labels: field.labels,
      color,
      dash: dashOf(style, dash),
      field,
      style,
      ...onPositions(field, at, positions),
    };
  });
  return { positions, isTime, series, seriesCount: visible.length };
}

/** Where there are too many, those with the largest values, in the order of the answer. */
function largest(found: readonly Found[], most: number): readonly Found[] {
  if (found.length <= most) return found;
  const sizes = found.map(({ field }, i) => ({ i, size: reduceNumber(field.values, "max") }));
  const kept = sizes
    .toSorted((a, b) => (Number.isNaN(a.size) ? 1 : Number.isNaN(b.size) ? -1 : b.size - a.size))
    .slice(0, most)
    .map(({ i }) => i);
  const wanted = new Set(kept);
  return found.filter((_one, i) => wanted.has(i));
}

function dashOf({ dash }: GraphStyle, automatic: readonly number[]): readonly number[] {
  if (dash === "auto") return automatic;
  return dash === "dashed" ? [8, 4] : dash === "dotted" ? [2, 4] : [];
}

/** All positions in order. Answers of one query share their array; others are merged. */
function positionsOf(found: readonly Found[]): Float64Array {
  const arrays = new Set(found.map(({ at }) => at.values));
  const [only] = arrays;
  if (arrays.size === 1 && only instanceof Float64Array && isAscending(only)) return only;
  const all = new Set<number>();
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const value = Number(values[i]);
      if (!Number.isNaN(value)) all.add(value);
    }
  }
  return Float64Array.from(all).toSorted();
}

function isAscending(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) {
    if (!((values[i] ?? 0) > (values[i - 1] ?? 0))) return false;
  }
  return true;
}

function onPositions(
  field: Field,
  at: Field,
  positions: Float64Array,
): Pick<GraphSeries, "values" | "has"> {
  if (at.values === positions) return { values: numbersOf(field), has: undefined };
  const values = new Float64Array(positions.length).fill(Number.NaN);
  const has = new Uint8Array(positions.length);
  const indexOf = indexBy(positions);
  for (let i = 0; i < at.values.length; i++) {
    const place = indexOf.get(Number(at.values[i]));
    if (place === undefined) continue;
    values[place] = numberOf(field.values[i]);
    has[place] = 1;
  }
  return { values, has };
}

const indexes = new WeakMap<Float64Array, ReadonlyMap<number, number>>();

/** Made once for all series of a graph. */
function indexBy(positions: Float64Array): ReadonlyMap<number, number> {
  let index = indexes.get(positions);
  if (index === undefined) {
    index = new Map(Array.from(positions, (value, i) => [value, i]));
    indexes.set(positions, index);
  }
  return index;
}

function numbersOf({ values }: Field): Float64Array {
  return values instanceof Float64Array ? values : Float64Array.from(values, numberOf);
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "boolean" ? Number(value) : Number.NaN;
}
