import type { Graph, GraphSeries } from "./graph_model.ts";

/** A column as uPlot takes it: null ends a line, undefined is passed over. */
export type DrawnColumn = (number | null | undefined)[];

/** Columns to draw, and which of them fills down to which. */
export type Drawn = {
  readonly columns: readonly DrawnColumn[];
  /** By series: the one below it in its stack. */
  readonly below: readonly (number | undefined)[];
};

/** Applies gaps, direction and stacking. Hidden series take no part in stacks. */
export function drawnColumns(graph: Graph, hidden: ReadonlySet<string>): Drawn {
  const shares = percentTotals(graph, hidden);
  const stacks = new Map<string, Stack>();
  const below: (number | undefined)[] = [];
  const columns = graph.series.map((series, i) => {
    const signed = series.style.negative ? negated(series.values) : series.values;
    const group = stackKey(series);
    if (group === undefined || hidden.has(series.key)) {
      below.push(undefined);
      return withGaps(signed, series, graph.positions);
    }
    const totals = shares.get(group);
    const values =
      totals === undefined ? signed : signed.map((value, at) => share(value, totals[at]));
    const stack = stacks.get(group);
    below.push(stack?.members.at(-1)?.index);
    const sum = stack?.sum ?? new Float64Array(values.length);
    const members = stack?.members ?? [];
    members.push({ index: i, floor: hasGap(values) ? sum.slice() : undefined });
    const stacked = values.map((value, at) => {
      if (Number.isNaN(value)) return value;
      const next = (sum[at] ?? 0) + value;
      sum[at] = next;
      return next;
    });
    stacks.set(group, { sum, members });
    return withGaps(stacked, series, graph.positions);
  });
  for (const { members } of stacks.values()) closeHoles(members, graph, columns);
  return { columns, below };
}

type Stack = {
  readonly sum: Float64Array;
  /** From the lowest on; `floor`: what those below it add up to, where it has gaps. */
  readonly members: { readonly index: number; readonly floor: Float64Array | undefined }[];
};

/**
 * Where a line of a stack has no value and one above it has, its column follows the floor that it would stand on: the filling between the two would have a
 * hole there. Where nothing above it has a value the line ends.
 */
function closeHoles(
  members: Stack["members"],
  { series }: Graph,
  columns: readonly DrawnColumn[],
): void {
  const isUnder = new Uint8Array(columns[0]?.length ?? 0);
  for (const { index, floor } of members.toReversed()) {
    const { draw, scale } = series[index]?.style ?? {};
    const column = columns[index] ?? [];
    for (let i = 0; i < column.length; i++) {
      if (typeof column[i] === "number") isUnder[i] = 1;
      else if (column[i] === null && isUnder[i] === 1 && draw === "lines") {
        const value = floor?.[i] ?? 0;
        if (scale !== "log" || value > 0) column[i] = value;
      }
    }
  }
}

function hasGap(values: Float64Array): boolean {
  return values.some((value) => Number.isNaN(value));
}

/** Series of one group, axis and direction lie on one another. */
function stackKey({ style, values, field }: GraphSeries): string | undefined {
  if (style.stack === "none") return undefined;
  const isDown = style.negative !== isMostlyNegative(values);
  return [style.stack, style.stack_group, style.draw, isDown, field.options.unit].join("\u0000");
}

function isMostlyNegative(values: Float64Array): boolean {
  let sum = 0;
  for (const value of values) if (!Number.isNaN(value)) sum += Math.sign(value);
  return sum < 0;
}

function percentTotals(graph: Graph, hidden: ReadonlySet<string>): Map<string, Float64Array> {
  const totals = new Map<string, Float64Array>();
  for (const series of graph.series) {
    if (series.style.stack !== "percent" || hidden.has(series.key)) continue;
    const key = stackKey(series) ?? "";
    const total = totals.get(key) ?? new Float64Array(series.values.length);
    series.values.forEach((value, i) => {
      if (!Number.isNaN(value)) total[i] = (total[i] ?? 0) + Math.abs(value);
    });
    totals.set(key, total);
  }
  return totals;
}

function share(value: number, total: number | undefined): number {
  return total === undefined || total === 0 ? (Number.isNaN(value) ? value : 0) : value / total;
}

function negated(values: Float64Array): Float64Array {
  return values.map((value) => -value);
}

function withGaps(
  values: Float64Array,
  { style, has }: GraphSeries,
  positions: Float64Array,
): DrawnColumn {
  const isLog = style.scale === "log";
  const connects = style.nulls === "connect";
  const column: DrawnColumn = Array.from({ length: values.length });
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    // A logarithmic axis has no place for them.
    const isGap = !Number.isFinite(value) || (isLog && value <= 0);
    if (!isGap) column[i] = value;
    else column[i] = connects || has?.[i] === 0 ? undefined : null;
  }
  if (style.nulls === "connect_below") connectShort(column, positions, style.nulls_below_ms);
  return column;
}

/** Gaps shorter than so long are passed over. */
function connectShort(column: DrawnColumn, positions: Float64Array, belowMs: number): void {
  let last: number | undefined;
  for (let i = 0; i < column.length; i++) {
    if (typeof column[i] !== "number") continue;
    if (last !== undefined && (positions[i] ?? 0) - (positions[last] ?? 0) < belowMs) {
      for (let gap = last + 1; gap < i; gap++) column[gap] = undefined;
    }
    last = i;
  }
}
