// Hot: guarded by `bench remote_write`.
import type { SparseSamples } from "#shared/model/metrics.ts";
import { wordsOf } from "#shared/model/special_values.ts";

const pageBits = 12;
const pageSize = 1 << pageBits;

type Page = {
  /** Time of the newest sample that is in the spool; -Infinity where there is none. */
  readonly lastMs: Float64Array;
  /** Its value as two words, the low one first. */
  readonly words: Uint32Array;
  /** When it came. */
  readonly seenMs: Float64Array;
};

/**
 * The newest sample of each series, by column, in pages: arrays that grow would copy what they have at once, 30 ms for half a million series where memory
 * is fresh.
 */
export class NewestSamples {
  readonly #pages: Page[] = [];

  /** Makes room for a column, whose series came now. Columns come in their order. */
  add(column: number, nowMs: number): void {
    if (column % pageSize === 0)
      this.#pages.push({
        lastMs: new Float64Array(pageSize).fill(-Infinity),
        words: new Uint32Array(2 * pageSize),
        seenMs: new Float64Array(pageSize),
      });
    const page = this.#pageOf(column);
    if (page !== undefined) page.seenMs[column & (pageSize - 1)] = nowMs;
  }

  /** Takes over what another one has of a series; `to` is the next column here. */
  copy(to: number, other: NewestSamples, from: number): void {
    this.add(to, other.seenMs(from));
    const [page, there] = [this.#pageOf(to), other.#pageOf(from)];
    if (page === undefined || there === undefined) return;
    const [at, fromAt] = [to & (pageSize - 1), from & (pageSize - 1)];
    page.lastMs[at] = there.lastMs[fromAt] ?? -Infinity;
    page.words[2 * at] = there.words[2 * fromAt] ?? 0;
    page.words[2 * at + 1] = there.words[2 * fromAt + 1] ?? 0;
  }

  /** -Infinity where no sample of the series is in the spool. */
  lastMs(column: number): number {
    return this.#pageOf(column)?.lastMs[column & (pageSize - 1)] ?? -Infinity;
  }

  seenMs(column: number): number {
    return this.#pageOf(column)?.seenMs[column & (pageSize - 1)] ?? 0;
  }

  isValue(column: number, low: number, high: number): boolean {
    const words = this.#pageOf(column)?.words;
    const at = 2 * (column & (pageSize - 1));
    return words?.[at] === low && words[at + 1] === high;
  }

  /**
   * Where, from `start` on, the first sample stands that is not plainly its series' newest: one at or before the newest stored, not within
   * [earliestMs, latestMs], or a second one of the same series. `end` where there is none.
   */
  newerEnd(
    columns: Uint32Array,
    timestampsMs: Float64Array,
    [start, end]: readonly [start: number, end: number],
    [earliestMs, latestMs]: readonly [earliestMs: number, latestMs: number],
  ): number {
    let before = -1;
    let number = -1;
    let lastMs: Float64Array = noTimes;
    for (let at = start; at < end; at++) {
      const column = columns[at] ?? 0;
      const timestampMs = timestampsMs[at] ?? 0;
      if (column >>> pageBits !== number) {
        number = column >>> pageBits;
        lastMs = this.#pages[number]?.lastMs ?? noTimes;
      }
      const isNewest = timestampMs > (lastMs[column & (pageSize - 1)] ?? 0) && column !== before;
      if (!isNewest || timestampMs > latestMs || timestampMs < earliestMs) return at;
      before = column;
    }
    return end;
  }

  /** Takes samples that are in the spool now; gives the newest time of all, or `newestMs` where that is later. */
  stored(
    { columns, timestampsMs, values }: SparseSamples,
    nowMs: number,
    newestMs: number,
  ): number {
    const given = wordsOf(values);
    let newest = newestMs;
    let number = -1;
    let page: Page | undefined;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] ?? 0;
      const timestampMs = timestampsMs[i] ?? 0;
      if (column >>> pageBits !== number) {
        number = column >>> pageBits;
        page = this.#pages[number];
      }
      if (page === undefined) continue;
      const at = column & (pageSize - 1);
      page.seenMs[at] = nowMs;
      if (timestampMs > newest) newest = timestampMs;
      if (timestampMs < (page.lastMs[at] ?? 0)) continue;
      page.lastMs[at] = timestampMs;
      page.words[2 * at] = given[2 * i] ?? 0;
      page.words[2 * at + 1] = given[2 * i + 1] ?? 0;
    }
    return newest;
  }

  #pageOf(column: number): Page | undefined {
    return this.#pages[column >>> pageBits];
  }
}

const noTimes = new Float64Array(0);
