/** Where the bars of one of several series stand, in the units of the axis. */
export type BarPlaces = { readonly lefts: number[]; readonly width: number };

/**
 * Bars of several series stand side by side: `count` of them share what one bar would have, which is `part` of the smallest distance
 * between two positions. `align` is -1 where bars stand before their position, 1 after it, 0 on it.
 */
export function barPlaces(
  positions: Float64Array,
  part: number,
  align: -1 | 0 | 1,
  at: number,
  count: number,
): BarPlaces {
  const whole = smallestStep(positions) * part;
  const width = whole / count;
  const start = whole * (align === 0 ? -0.5 : align === -1 ? -1 : 0) + at * width;
  return { lefts: Array.from(positions, (position) => position + start), width };
}

function smallestStep(positions: Float64Array): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < positions.length; i++) {
    smallest = Math.min(smallest, (positions[i] ?? 0) - (positions[i - 1] ?? 0));
  }
  return Number.isFinite(smallest) ? smallest : 1;
}
