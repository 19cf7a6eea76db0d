import type { SelectRequest, Windows } from "../../read/source.ts";
import { concatenate, isAscending, lowerBound } from "../../duckdb/columns.ts";
import type { DecodedSeries } from "./series_pieces.ts";

export type PlanRequest = Pick<SelectRequest, "startMs" | "endMs" | "newest">;

/** What is taken of one piece: indices [begin, end), or only `picks` of them. */
export type PieceCut = {
  /** Index among the pieces, which are in the order of commit. */
  readonly piece: number;
  readonly begin: number;
  readonly end: number;
  readonly picks: Uint32Array | undefined;
};

/** How pieces with certain times become one series. Cuts are in the order of time, empty ones left out. */
export type Plan = {
  readonly cuts: readonly PieceCut[];
  /** Of all cuts, one after another. */
  readonly timestampsMs: Float64Array;
  /** Or they overlap, and samples must be put in order one by one. */
  readonly isAscending: boolean;
};

type Timed = Pick<DecodedSeries, "timestampsMs">;
type Node = { plan: Plan | undefined; readonly next: Map<Float64Array, Node> };
type TimesCut = Omit<PieceCut, "piece"> & { readonly timestampsMs: Float64Array };

/** Thousands of series have their times in common, as the same arrays: what depends on times alone is done once for all. */
export class MergePlans {
  readonly #request: PlanRequest;
  readonly #root: Node = { plan: undefined, next: new Map() };
  readonly #cuts = new Map<Float64Array, TimesCut>();

  constructor(request: PlanRequest) {
    this.#request = request;
  }

  of(pieces: readonly Timed[]): Plan {
    let node = this.#root;
    for (const { timestampsMs } of pieces) {
      let next = node.next.get(timestampsMs);
      if (next === undefined)
        node.next.set(timestampsMs, (next = { plan: undefined, next: new Map() }));
      node = next;
    }
    return (node.plan ??= this.#plan(pieces));
  }

  #plan(pieces: readonly Timed[]): Plan {
    const cuts = pieces
      .map(({ timestampsMs }, piece) => ({ ...this.#cut(timestampsMs), piece }))
      .filter((cut) => cut.timestampsMs.length > 0)
      .toSorted((a, b) => (a.timestampsMs[0] ?? 0) - (b.timestampsMs[0] ?? 0));
    const timestampsMs =
      cuts.length === 0 ? new Float64Array(0) : concatenate(cuts.map((cut) => cut.timestampsMs));
    return { cuts, timestampsMs, isAscending: isAscending(timestampsMs) };
  }

  #cut(times: Float64Array): TimesCut {
    let cut = this.#cuts.get(times);
    if (cut === undefined) this.#cuts.set(times, (cut = cutTimes(times, this.#request)));
    return cut;
  }
}

function cutTimes(times: Float64Array, { startMs, endMs, newest }: PlanRequest): TimesCut {
  const begin = lowerBound(times, startMs);
  const end = Math.max(begin, lowerBound(times, endMs + 1));
  const timestampsMs = times.subarray(begin, end);
  const whole = { begin, end, picks: undefined, timestampsMs };
  if (newest === undefined || begin === end) return whole;
  const picks = newestOf(times, begin, end, newest);
  if (picks.length === end - begin) return whole;
  return { begin, end, picks, timestampsMs: Float64Array.from(picks, (i) => times[i] ?? 0) };
}

/** Indices in [begin, end) of the newest sample of each window, each once. */
function newestOf(times: Float64Array, begin: number, end: number, windows: Windows): Uint32Array {
  const { firstEndMs, stepMs, lengthMs } = windows;
  // All windows are one where nothing moves (the @ modifier).
  const count = stepMs > 0 ? windows.count : Math.min(1, windows.count);
  const picks = new Uint32Array(Math.min(count, end - begin));
  // Windows that end before the first time hold nothing of it.
  const skipped = stepMs > 0 ? Math.ceil(((times[begin] ?? 0) - firstEndMs) / stepMs) : 0;
  let picked = 0;
  let next = begin;
  for (let i = Math.max(0, skipped); i < count; i++) {
    const endMs = firstEndMs + i * stepMs;
    const before = next;
    while (next < end && (times[next] ?? Infinity) <= endMs) next++;
    if (next === end && next === before) break;
    if (next > before && (times[next - 1] ?? 0) > endMs - lengthMs) picks[picked++] = next - 1;
  }
  return picks.subarray(0, picked);
}
