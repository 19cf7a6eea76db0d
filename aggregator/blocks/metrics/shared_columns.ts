import { concatenate } from "../../duckdb/columns.ts";

/**
 * Columns that many series have alike, once in memory: the times of a scrape's series, and values that never change (two
 * series of three of a node_exporter). Lives as long as one read; what it gave out is shared by all who keep it.
 */
export class SharedColumns {
  readonly #times = new Map<number, Float64Array[]>();
  readonly #joined = new Map<Float64Array, Joined[]>();
  readonly #constants = new Map<number, Map<number, Float64Array>>();

  /** The times firstMs + offsets[start ... start + count). */
  times(firstMs: number, offsets: Uint32Array, start: number, count: number): Float64Array {
    const lastMs = firstMs + (offsets[start + count - 1] ?? 0);
    // Not unique, and need not be.
    const key = firstMs + 31 * lastMs + count;
    let known = this.#times.get(key);
    if (known === undefined) this.#times.set(key, (known = []));
    for (const times of known) {
      if (isSame(times, firstMs, offsets, start, count)) return times;
    }
    const times = new Float64Array(count);
    for (let i = 0; i < count; i++) times[i] = firstMs + (offsets[start + i] ?? 0);
    if (known.length < candidatesMax) known.push(times);
    return times;
  }

  /** Times that came from times(), one after another: for equal parts the same array. */
  join(parts: readonly Float64Array[]): Float64Array {
    const [first] = parts;
    if (first === undefined || parts.length === 1) return concatenate(parts);
    let known = this.#joined.get(first);
    if (known === undefined) this.#joined.set(first, (known = []));
    for (const one of known) {
      if (one.parts.length === parts.length && one.parts.every((part, i) => part === parts[i]))
        return one.whole;
    }
    const whole = concatenate(parts);
    if (known.length < candidatesMax) known.push({ parts, whole });
    return whole;
  }

  /** `count` times the same value, which is neither NaN nor -0. */
  constant(value: number, count: number): Float64Array {
    let known = this.#constants.get(count);
    if (known === undefined) this.#constants.set(count, (known = new Map()));
    let values = known.get(value);
    if (values === undefined) known.set(value, (values = new Float64Array(count).fill(value)));
    return values;
  }
}

type Joined = { readonly parts: readonly Float64Array[]; readonly whole: Float64Array };

/** Where more columns look alike by their ends, the search would cost more than the copies. */
const candidatesMax = 8;

function isSame(
  times: Float64Array,
  firstMs: number,
  offsets: Uint32Array,
  start: number,
  count: number,
): boolean {
  if (times.length !== count) return false;
  for (let i = 0; i < count; i++) {
    if (times[i] !== firstMs + (offsets[start + i] ?? 0)) return false;
  }
  return true;
}
