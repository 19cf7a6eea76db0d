import { columnWeight } from "#shared/model/histogram.ts";
import type { RangeInput, RangeSeries } from "./window.ts";
import { type Grid, type StepSeries, absent, gridEnd, histogramAt } from "./values.ts";

/**
 * What a query looked at, step by step, as Prometheus counts it (util/stats, docs/feature_flags.md, "Per-step stats"): at each
 * step every sample that a selector gave and every sample in a window, and of these those that were not in the window
 * of the step before. What a subquery reads counts as read at the first step that can see it. A histogram counts by its size.
 */
export class SampleCounts {
  readonly #grid: Grid;
  readonly total: Float64Array;
  readonly read: Float64Array;
  /** Looked at by the insides of subqueries, whose results are counted by the windows around them. */
  #inside = 0;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.total = new Float64Array(grid.count);
    this.read = new Float64Array(grid.count);
  }

  /** The samples that an instant selector gave; `isFixed` by @, so that it read them once. */
  addSelected(series: StepSeries, grid: Grid, isFixed: boolean): void {
    let isFirst = true;
    for (let i = 0; i < grid.count; i++) {
      if (series.present[i] === absent) continue;
      const found = histogramAt(series, i);
      const weight = found === undefined ? 1 : columnWeight(1, [found]);
      this.#add(grid, i, weight, isFixed && !isFirst ? 0 : weight);
      isFirst = false;
    }
  }

  /** The windows of a range function; those over a subquery read nothing themselves. */
  addWindows(input: RangeInput, grid: Grid, isSubquery: boolean): void {
    for (const series of input.series) this.#addWindowsOf(series, input, grid, isSubquery);
  }

  /** A subquery that is the whole query: what its inside looked at is all there is. */
  addInside(): void {
    this.total[this.total.length - 1] = (this.total.at(-1) ?? 0) + this.#inside;
  }

  #addWindowsOf(series: RangeSeries, input: RangeInput, grid: Grid, isSubquery: boolean): void {
    const { timestampsMs } = series;
    const weights = weightsBefore(series);
    let [from, to, known] = [0, 0, 0];
    for (let i = 0; i < grid.count; i++) {
      const endMs = input.firstEndMs + i * input.endStepMs + input.afterMs;
      const startMs = endMs - input.afterMs - input.rangeMs - input.beforeMs;
      while (to < timestampsMs.length && (timestampsMs[to] ?? 0) <= endMs) to++;
      while (from < to && (timestampsMs[from] ?? 0) <= startMs) from++;
      const all = (weights[to] ?? 0) - (weights[from] ?? 0);
      const fresh = (weights[to] ?? 0) - (weights[Math.max(from, known)] ?? 0);
      known = to;
      this.#add(grid, i, all, isSubquery ? 0 : fresh);
    }
  }

  #add(grid: Grid, step: number, total: number, read: number): void {
    const own = this.#grid;
    if (grid === own) {
      this.total[step] = (this.total[step] ?? 0) + total;
      this.read[step] = (this.read[step] ?? 0) + read;
      return;
    }
    this.#inside += total;
    const timeMs = Math.min(grid.startMs + step * grid.stepMs, gridEnd(own));
    const seen = own.stepMs === 0 ? 0 : Math.max(0, Math.ceil((timeMs - own.startMs) / own.stepMs));
    this.read[seen] = (this.read[seen] ?? 0) + read;
  }
}

/** The weight of everything before each place of a column. */
function weightsBefore({ timestampsMs, histograms }: RangeSeries): Float64Array {
  const before = new Float64Array(timestampsMs.length + 1);
  for (let i = 0; i < timestampsMs.length; i++) {
    const found = histograms?.[i];
    before[i + 1] = (before[i] ?? 0) + (found === undefined ? 1 : columnWeight(1, [found]));
  }
  return before;
}
