/** A sum with its rounding error kept beside it (Neumaier's form). One object a window or group, never one a sample. */
export type KahanSum = { sum: number; lost: number };

export function kahanAdd(into: KahanSum, value: number): void {
  const { sum } = into;
  const total = sum + value;
  if (total === Infinity || total === -Infinity) into.lost = 0;
  else if (Math.abs(sum) >= Math.abs(value)) into.lost += sum - total + value;
  else into.lost += value - total + sum;
  into.sum = total;
}

/**
 * The q-quantile by linear interpolation between ranks. Sorts `values` in place; NaN counts as the smallest value.
 * NaN for no values or q NaN, -Inf for q < 0, +Inf for q > 1.
 */
export function quantileOf(q: number, values: Float64Array): number {
  const count = values.length;
  if (count === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  // A typed array sorts NaN to its end.
  values.sort();
  let nans = 0;
  while (nans < count && Number.isNaN(values[count - 1 - nans])) nans++;
  const ranked = (i: number): number => (i < nans ? Number.NaN : (values[i - nans] ?? Number.NaN));
  const rank = q * (count - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(count - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return ranked(lower) * (1 - weight) + ranked(upper) * weight;
}
