/** What came of the groups of a rule in one interval: a column for each figure, indexed by group. */
export class Window {
  /** The end of the interval in Unix milliseconds, which belongs to it. */
  endMs = 0;
  samples = new Float64Array(0);
  series = new Float64Array(0);
  sum = new Float64Array(0);
  min = new Float64Array(0);
  max = new Float64Array(0);
  last = new Float64Array(0);
  lastMs = new Float64Array(0);
  /** Of the last sample of each series; complete once all series are settled. */
  lastSum = new Float64Array(0);
  increase = new Float64Array(0);

  reset(endMs: number, groups: number): void {
    this.endMs = endMs;
    if (this.samples.length < groups) this.grow(groups);
    for (const column of [this.samples, this.series, this.sum, this.lastSum, this.increase])
      column.fill(0);
    this.min.fill(Infinity);
    this.max.fill(-Infinity);
    this.lastMs.fill(-Infinity);
  }

  /** Makes room for groups that came since. */
  grow(groups: number): void {
    this.samples = grown(this.samples, groups, 0);
    this.series = grown(this.series, groups, 0);
    this.sum = grown(this.sum, groups, 0);
    this.min = grown(this.min, groups, Infinity);
    this.max = grown(this.max, groups, -Infinity);
    this.last = grown(this.last, groups, 0);
    this.lastMs = grown(this.lastMs, groups, -Infinity);
    this.lastSum = grown(this.lastSum, groups, 0);
    this.increase = grown(this.increase, groups, 0);
  }

  /** A sample of a group. */
  add(group: number, timestampMs: number, value: number): void {
    this.samples[group] = (this.samples[group] ?? 0) + 1;
    this.sum[group] = (this.sum[group] ?? 0) + value;
    if (value < (this.min[group] ?? 0)) this.min[group] = value;
    if (value > (this.max[group] ?? 0)) this.max[group] = value;
    if (timestampMs >= (this.lastMs[group] ?? 0)) {
      this.lastMs[group] = timestampMs;
      this.last[group] = value;
    }
  }
}

/** A longer copy, with `fill` behind what was there. */
export function grown<Column extends Float64Array | Int32Array | Uint8Array>(
  column: Column,
  length: number,
  fill: number,
): Column;
export function grown(
  column: Float64Array | Int32Array | Uint8Array,
  length: number,
  fill: number,
): Float64Array | Int32Array | Uint8Array {
  const longer =
    column instanceof Float64Array
      ? new Float64Array(length)
      : column instanceof Int32Array
        ? new Int32Array(length)
        : new Uint8Array(length);
  longer.set(column);
  longer.fill(fill, column.length);
  return longer;
}
