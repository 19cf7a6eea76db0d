/** A way to make one value of a column: Grafana's ids. */
export type Reducer = { readonly id: string; readonly name: string };

export type Column = Float64Array | readonly unknown[];

const quantiles = [1, 5, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 95, 99, 99.9];

/** For pickers, the most used first. */
export const reducers: readonly Reducer[] = [
  { id: "lastNotNull", name: "Last" },
  { id: "min", name: "Min" },
  { id: "max", name: "Max" },
  { id: "mean", name: "Mean" },
  { id: "sum", name: "Total" },
  { id: "count", name: "Count" },
  { id: "median", name: "Median" },
  { id: "range", name: "Range" },
  { id: "diff", name: "Difference" },
  { id: "diffperc", name: "Difference percent" },
  { id: "delta", name: "Increase, resets counted" },
  { id: "stdDev", name: "Standard deviation" },
  { id: "variance", name: "Variance" },
  { id: "last", name: "Last, or none" },
  { id: "first", name: "First, or none" },
  { id: "firstNotNull", name: "First" },
  { id: "logmin", name: "Min above zero" },
  { id: "step", name: "Smallest step" },
  { id: "changeCount", name: "Count of changes" },
  { id: "distinctCount", name: "Count of distinct values" },
  { id: "allIsZero", name: "All are zero" },
  { id: "allIsNull", name: "None has a value" },
  { id: "allValues", name: "All values" },
  { id: "uniqueValues", name: "Distinct values" },
  ...quantiles.map((percent) => ({ id: `p${percent}`, name: `${percent}th percentile` })),
];

const byId = new Map(reducers.map((each) => [each.id, each]));

export function reducerName(id: string): string {
  return byId.get(id)?.name ?? id;
}

export function isReducer(id: string): boolean {
  return byId.has(id);
}

/** The column's value by a reducer. NaN and null are no values. Undefined where there is none; unknown reducers give the last value. */
export function reduceValue(values: Column, reducer: string): unknown {
  switch (reducer) {
    case "last":
      return values[values.length - 1];
    case "first":
      return values[0];
    case "firstNotNull":
      return values.find(isValue);
    case "count":
      return countOf(values);
    case "allIsNull":
      return countOf(values) === 0;
    case "allIsZero":
      return values.length > 0 && values.every((value) => value === 0);
    case "changeCount":
      return changesOf(values);
    case "distinctCount":
      return new Set(values).size;
    case "uniqueValues":
      return [...new Set<unknown>(values)];
    case "allValues":
      return [...values];
    default: {
      const computed = computedOf(values, reducer);
      return computed === undefined
        ? lastValue(values)
        : Number.isNaN(computed)
          ? undefined
          : computed;
    }
  }
}

/** The same as a number; NaN where there is none. */
export function reduceNumber(values: Column, reducer: string): number {
  const value = reduceValue(values, reducer);
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

/** Undefined for what is no computation over numbers. */
function computedOf(values: Column, reducer: string): number | undefined {
  if (/^p\d{1,2}(?:\.\d+)?$/.test(reducer))
    return quantileOf(values, Number(reducer.slice(1)) / 100);
  if (reducer === "median") return quantileOf(values, 0.5);
  const sums = summaryOf(values);
  switch (reducer) {
    case "min":
      return sums.count === 0 ? Number.NaN : sums.min;
    case "max":
      return sums.count === 0 ? Number.NaN : sums.max;
    case "mean":
      return sums.sum / sums.count;
    case "sum":
      return sums.count === 0 ? Number.NaN : sums.sum;
    case "range":
      return sums.count === 0 ? Number.NaN : sums.max - sums.min;
    case "diff":
      return sums.last - sums.first;
    case "diffperc":
      return (sums.last - sums.first) / sums.first;
    case "delta":
      return sums.count === 0 ? Number.NaN : sums.delta;
    case "logmin":
      return Number.isFinite(sums.logmin) ? sums.logmin : Number.NaN;
    case "step":
      return Number.isFinite(sums.step) ? sums.step : Number.NaN;
    case "variance":
      return varianceOf(values, sums.sum / sums.count, sums.count);
    case "stdDev":
      return Math.sqrt(varianceOf(values, sums.sum / sums.count, sums.count));
    default:
      return undefined;
  }
}

/** All in one pass: a legend asks for several of them. */
function summaryOf(values: Column) {
  let count = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let logmin = Number.POSITIVE_INFINITY;
  let step = Number.POSITIVE_INFINITY;
  let first = Number.NaN;
  let last = Number.NaN;
  let delta = 0;
  for (let i = 0; i < values.length; i++) {
    const value = numberAt(values, i);
    if (Number.isNaN(value)) continue;
    if (count === 0) first = value;
    else {
      if (value !== last) step = Math.min(step, Math.abs(value - last));
      // A counter that goes down began anew.
      delta += value >= last ? value - last : value;
    }
    last = value;
    count += 1;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
    if (value > 0 && value < logmin) logmin = value;
  }
  return { count, sum, min, max, logmin, step, first, last, delta };
}

function varianceOf(values: Column, mean: number, count: number): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = numberAt(values, i);
    if (!Number.isNaN(value)) squares += (value - mean) ** 2;
  }
  return squares / count;
}

/** Between the two nearest values where it falls between them. */
function quantileOf(values: Column, part: number): number {
  const sorted = Float64Array.from({ length: values.length }, (_, i) => numberAt(values, i))
    .filter((value) => !Number.isNaN(value))
    .toSorted();
  if (sorted.length === 0) return Number.NaN;
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below === above ? below : below + (above - below) * (place - Math.floor(place));
}

function changesOf(values: Column): number {
  let changes = 0;
  let before: unknown;
  for (const value of values) {
    if (!isValue(value)) continue;
    if (before !== undefined && value !== before) changes += 1;
    before = value;
  }
  return changes;
}

function countOf(values: Column): number {
  let count = 0;
  for (const value of values) if (isValue(value)) count += 1;
  return count;
}

function lastValue(values: Column): unknown {
  for (let i = values.length - 1; i >= 0; i--) if (isValue(values[i])) return values[i];
  return undefined;
}

function isValue(value: unknown): boolean {
  return (
    value !== null && value !== undefined && !(typeof value === "number" && Number.isNaN(value))
  );
}

function numberAt(values: Column, i: number): number {
  const value = values[i];
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}
