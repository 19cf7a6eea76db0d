/** The blocks of a commit are apart where what came lies further apart than this; compaction merges within it. */
const windowMs = 2 * 3_600_000;
const windowsPerDay = 12;
/** Blocks of one tenant and signal in a commit; the oldest windows are one beyond that. */
const spansMax = 64;

/** Unix milliseconds, both inclusive. */
export type CutSpan = { readonly startMs: number; readonly endMs: number };

/** In which windows of time there is something. Costs a division a call. */
export class TimeWindows {
  readonly #windows = new Set<number>();
  #last = Number.NaN;

  add(timestampMs: number): void {
    const window = Math.floor(timestampMs / windowMs);
    if (window === this.#last) return;
    this.#last = window;
    this.#windows.add(window);
  }

  /**
   * How what is there becomes blocks, in order of time; each span has something. One span nearly always: what comes as it is made
   * lies in one window or two. What an outage has left becomes blocks of its own times, of two hours or, where it is older
   * than a day, of a day: else each block would reach from then to now, and neither be merged nor be passed over by queries.
   */
  spans(): CutSpan[] {
    const windows = [...this.#windows].toSorted((a, b) => a - b);
    const newest = windows.at(-1);
    if (newest === undefined) return [];
    const groups = new Map<number, { first: number; last: number }>();
    for (const window of windows) {
      const key = groupOf(window, newest);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { first: window, last: window });
      else group.last = window;
    }
    const all = [...groups.values()];
    const tooMany = all.splice(0, Math.max(0, all.length - spansMax + 1));
    const [oldest] = tooMany;
    if (oldest !== undefined) all.unshift({ first: oldest.first, last: tooMany.at(-1)?.last ?? 0 });
    return all.map(({ first, last }) => ({
      startMs: first * windowMs,
      endMs: (last + 1) * windowMs - 1,
    }));
  }
}

/** Ascending with the window. */
function groupOf(window: number, newest: number): number {
  if (window >= newest - 1) return newest;
  return newest - window < windowsPerDay
    ? window
    : Math.floor(window / windowsPerDay) * windowsPerDay - newest;
}
