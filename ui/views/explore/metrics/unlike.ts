/**
 * How unlike the others each series is: its mean distance from the median of all, in units of how far they usually lie from it. 0 is
 * like the others, 3 stands out. Steps without at least three values say nothing.
 */
export function unlikeScores(series: readonly Float64Array[]): readonly number[] {
  const length = Math.max(0, ...series.map((values) => values.length));
  const distances = series.map(() => ({ sum: 0, steps: 0 }));
  const all: number[] = [];
  for (let step = 0; step < length; step++) {
    const present = series.map((values) => values[step] ?? Number.NaN);
    const known = present.filter(Number.isFinite);
    if (known.length < 3) continue;
    const middle = median(known);
    present.forEach((value, i) => {
      const distance = distances[i];
      if (!Number.isFinite(value) || distance === undefined) return;
      distance.sum += Math.abs(value - middle);
      distance.steps += 1;
    });
  }
  const means = distances.map(({ sum, steps }) => (steps === 0 ? 0 : sum / steps));
  all.push(...means);
  const usual = all.length === 0 ? 0 : median(all);
  // Where most lie on the median, the mean of all distances is the yardstick.
  const yardstick =
    usual > 0 ? usual : all.reduce((sum, one) => sum + one, 0) / Math.max(1, all.length);
  return means.map((mean) => (yardstick > 0 ? mean / yardstick : 0));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
