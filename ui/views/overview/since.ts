import type { RangeColumns } from "../../client/prometheus.ts";
import type { Labels } from "#shared/model/labels.ts";

/** A series whose condition holds now, and since when. */
export type Holding = {
  readonly labels: Labels;
  readonly value: number;
  readonly sinceMs: number;
  /** Whether it held already where the answer begins. */
  readonly isOlder: boolean;
};

/** Steps in a row that may lack a value: the newest sample may not be there yet, and a scrape may be missed. */
const gapMax = 2;

/** Series of an expression that gives values only while something holds (`up == 0`): those that hold at its end. */
export function holdingNow({ timesMs, series }: RangeColumns): Holding[] {
  return series.flatMap(({ labels, values }): Holding[] => {
    let last = values.length - 1;
    while (last >= 0 && Number.isNaN(values[last])) last -= 1;
    if (last < 0 || values.length - 1 - last > gapMax) return [];
    let first = last;
    for (let i = last, gap = 0; i >= 0 && gap <= gapMax; i--) {
      if (Number.isNaN(values[i])) gap += 1;
      else [first, gap] = [i, 0];
    }
    const value = values[last] ?? Number.NaN;
    return [{ labels, value, sinceMs: timesMs[first] ?? 0, isOlder: first <= gapMax }];
  });
}
