import {
  type Buckets,
  type Histogram,
  bucketsOf,
  emptyHistogram,
  exponentialBound,
} from "./histogram.ts";
import type { CellBudget } from "./cell_budget.ts";

/** Below it lies the zero bucket: the default of Prometheus's client libraries. */
export const zeroThreshold = 2 ** -128;
const schemaMin = -4;
const exponentBias = 1_023;
const firstCells = 16;
/** Where memory is short, a side spans no more than this before its resolution is halved. */
const shortSpan = 32;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const boundsBySchema = new Map<number, Float64Array>();

/** Upper bounds of the buckets of [1, 2), the first of which is 1 itself. */
function boundsOf(schema: number): Float64Array {
  let bounds = boundsBySchema.get(schema);
  if (bounds === undefined) {
    bounds = Float64Array.from({ length: 2 ** schema }, (_, i) => exponentialBound(i, schema));
    boundsBySchema.set(schema, bounds);
  }
  return bounds;
}

/** The positive bucket of an exponential schema (-4 to 8) that holds `value`, which is a normal number above 0. */
export function bucketIndex(value: number, schema: number): number {
  double[0] = value;
  const high = words[1] ?? 0;
  const exponent = ((high >>> 20) & 0x7ff) - exponentBias;
  // The same digits as of [1, 2).
  words[1] = (high & 0xfffff) | (exponentBias << 20);
  const digits = double[0];
  if (schema <= 0) {
    const index = digits === 1 ? exponent : exponent + 1;
    return ((index - 1) >> -schema) + 1;
  }
  const bounds = boundsOf(schema);
  let low = 0;
  let end = bounds.length;
  while (low < end) {
    const middle = (low + end) >> 1;
    if ((bounds[middle] ?? 0) < digits) low = middle + 1;
    else end = middle;
  }
  return exponent * bounds.length + low;
}

/**
 * Observations counted in buckets of a native histogram. When they span more than `spanMax` buckets of one sign, resolution is halved, as
 * often as needed, so memory is bounded whatever is observed.
 */
export class ExponentialCounts {
  zeroCount = 0;
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;
  readonly #spanMax: number;
  readonly #budget: CellBudget;
  #schema: number;
  readonly #positive: Side;
  readonly #negative: Side;

  constructor(schema: number, spanMax: number, budget: CellBudget) {
    this.#schema = schema;
    this.#spanMax = spanMax;
    this.#budget = budget;
    this.#positive = new Side(budget);
    this.#negative = new Side(budget);
  }

  /** `weight`: how many observations of the value, 1/rate; above 0. */
  add(value: number, weight: number): void {
    this.count += weight;
    this.sum += value * weight;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const size = Math.abs(value);
    if (size <= zeroThreshold) {
      this.zeroCount += weight;
      return;
    }
    const side = value > 0 ? this.#positive : this.#negative;
    for (;;) {
      const spanMax = this.#budget.isShort ? shortSpan : this.#spanMax;
      const isLast = this.#schema === schemaMin;
      if (side.add(bucketIndex(size, this.#schema), weight, isLast ? Infinity : spanMax)) return;
      this.#schema--;
      this.#positive.halve();
      this.#negative.halve();
    }
  }

  /** Gives back its memory; nothing may be added afterwards. */
  close(): void {
    this.#positive.close();
    this.#negative.close();
  }

  /** What was observed so far, as it will stay. */
  histogram(): Histogram {
    return {
      ...emptyHistogram,
      schema: this.#schema,
      zeroThreshold,
      zeroCount: this.zeroCount,
      count: this.count,
      sum: this.sum,
      positive: this.#positive.buckets(),
      negative: this.#negative.buckets(),
    };
  }
}

/** Counts of neighbouring buckets. */
class Side {
  readonly #budget: CellBudget;
  /** Index of the first cell. */
  #from = 0;
  #cells = new Float64Array(0);
  /** First and last index that has a count. */
  #low = 0;
  #high = -1;

  constructor(budget: CellBudget) {
    this.#budget = budget;
  }

  /** False, and nothing is added, where the side would span more than `spanMax` buckets. */
  add(index: number, weight: number, spanMax: number): boolean {
    const at = index - this.#from;
    if (at >= 0 && at < this.#cells.length && index >= this.#low && index <= this.#high) {
      this.#cells[at] = (this.#cells[at] ?? 0) + weight;
      return true;
    }
    const isEmpty = this.#high < this.#low;
    const low = isEmpty ? index : Math.min(this.#low, index);
    const high = isEmpty ? index : Math.max(this.#high, index);
    if (high - low + 1 > spanMax) return false;
    if (low < this.#from || high >= this.#from + this.#cells.length) this.#grow(low, high);
    this.#low = low;
    this.#high = high;
    const place = index - this.#from;
    this.#cells[place] = (this.#cells[place] ?? 0) + weight;
    return true;
  }

  #grow(low: number, high: number): void {
    const span = high - low + 1;
    const cells = new Float64Array(Math.max(firstCells, span + (span >> 1)));
    const from = low - ((cells.length - span) >> 1);
    for (let index = this.#low; index <= this.#high; index++)
      cells[index - from] = this.#cells[index - this.#from] ?? 0;
    this.#budget.add(cells.length - this.#cells.length);
    this.#cells = cells;
    this.#from = from;
  }

  halve(): void {
    if (this.#high < this.#low) return;
    const [low, high] = [half(this.#low), half(this.#high)];
    const cells = new Float64Array(Math.max(firstCells, high - low + 1));
    for (let index = this.#low; index <= this.#high; index++) {
      const to = half(index) - low;
      cells[to] = (cells[to] ?? 0) + (this.#cells[index - this.#from] ?? 0);
    }
    this.#budget.add(cells.length - this.#cells.length);
    this.#cells = cells;
    this.#from = low;
    this.#low = low;
    this.#high = high;
  }

  buckets(): Buckets {
    const length = this.#high - this.#low + 1;
    const start = this.#low - this.#from;
    return bucketsOf(
      Int32Array.from({ length }, (_, i) => this.#low + i),
      this.#cells.slice(start, start + length),
    );
  }

  close(): void {
    this.#budget.add(-this.#cells.length);
    this.#cells = new Float64Array(0);
    this.#high = this.#low - 1;
  }
}

/** Of the next coarser schema. */
function half(index: number): number {
  return ((index - 1) >> 1) + 1;
}
