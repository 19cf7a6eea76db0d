// Hot: guarded by `bench query`.
import { type KahanSum, kahanAdd, quantileOf } from "../model/kahan.ts";
import { type Window, timeAt, valueAt } from "../model/window.ts";

export function sumOverTime(window: Window): number {
  const total: KahanSum = { sum: 0, lost: 0 };
  for (let i = window.from; i < window.to; i++) kahanAdd(total, valueAt(window, i));
  return total.sum === Infinity || total.sum === -Infinity ? total.sum : total.sum + total.lost;
}

/** The mean of the sum while that does not overflow, and an incremental mean from there on. */
export function avgOverTime(window: Window): number {
  const total: KahanSum = { sum: valueAt(window, window.from), lost: 0 };
  let incremental = false;
  let count = 1;
  for (let i = window.from + 1; i < window.to; i++) {
    const value = valueAt(window, i);
    count++;
    if (!incremental) {
      const { sum, lost } = total;
      kahanAdd(total, value);
      if (total.sum !== Infinity && total.sum !== -Infinity) continue;
      incremental = true;
      total.sum = sum / (count - 1);
      total.lost = lost / (count - 1);
    }
    const share = (count - 1) / count;
    total.sum *= share;
    total.lost *= share;
    kahanAdd(total, value / count);
  }
  return incremental ? total.sum + total.lost : total.sum / count + total.lost / count;
}

export const countOverTime = (window: Window): number => window.to - window.from;
export const presentOverTime = (): number => 1;
export const firstOverTime = (window: Window): number => valueAt(window, window.from);
export const lastOverTime = (window: Window): number => valueAt(window, window.to - 1);
export const tsOfFirstOverTime = (window: Window): number => timeAt(window, window.from) / 1_000;
export const tsOfLastOverTime = (window: Window): number => timeAt(window, window.to - 1) / 1_000;

/** Index of the greatest (sign 1) or least (sign -1) value; NaN only where there is nothing else. */
function extreme(window: Window, sign: 1 | -1): number {
  let at = window.from;
  let best = valueAt(window, at);
  for (let i = window.from; i < window.to; i++) {
    const value = valueAt(window, i);
    if (sign * value > sign * best || Number.isNaN(best)) {
      best = value;
      at = i;
    }
  }
  return at;
}

export const maxOverTime = (window: Window): number => valueAt(window, extreme(window, 1));
export const minOverTime = (window: Window): number => valueAt(window, extreme(window, -1));
export const tsOfMaxOverTime = (window: Window): number =>
  timeAt(window, extreme(window, 1)) / 1_000;
export const tsOfMinOverTime = (window: Window): number =>
  timeAt(window, extreme(window, -1)) / 1_000;

/** Welford's variance, both of its running sums compensated. */
export function stdvarOverTime(window: Window): number {
  const mean: KahanSum = { sum: 0, lost: 0 };
  const squares: KahanSum = { sum: 0, lost: 0 };
  let count = 0;
  for (let i = window.from; i < window.to; i++) {
    const value = valueAt(window, i);
    count++;
    const difference = value - (mean.sum + mean.lost);
    kahanAdd(mean, difference / count);
    kahanAdd(squares, difference * (value - (mean.sum + mean.lost)));
  }
  return (squares.sum + squares.lost) / count;
}

export const stddevOverTime = (window: Window): number => Math.sqrt(stdvarOverTime(window));

export function quantileOverTime(window: Window): number {
  return quantileOf(window.first, window.values.slice(window.from, window.to));
}

/** The median distance from the median. */
export function madOverTime(window: Window): number {
  const values = window.values.slice(window.from, window.to);
  if (values.some((value) => Number.isNaN(value))) return Number.NaN;
  const median = quantileOf(0.5, values);
  return quantileOf(
    0.5,
    values.map((value) => Math.abs(value - median)),
  );
}
