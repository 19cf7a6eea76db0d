// Hot: guarded by `bench query`, `bench day`.
import { isStaleAt } from "#shared/model/special_values.ts";
import type { SeriesSamples, TierSpan } from "../../../read/source.ts";
import { flooredTime, spanAt } from "./tier_times.ts";
import { type StepSeries, absent, float, hasSample, newSeries, putSample } from "./values.ts";

/** What a step shows of a sample: its value, its time, or its start time. */
export type Shown = "values" | "times" | "starts";

type How = {
  readonly fromMs: number;
  /** 0 where all steps look at the same time. */
  readonly stepMs: number;
  readonly count: number;
  readonly lookbackMs: number;
  readonly shown: Shown;
};

/** Which sample each step sees, of all series with the same times. */
type Seen = {
  readonly spans: readonly TierSpan[] | undefined;
  /** Index of a sample by step; -1 for none. */
  readonly picks: Int32Array;
  /** Where there is one. */
  readonly present: Uint8Array;
  readonly isAny: boolean;
  /** What the last series was made of, and its column: where only presence counts, many are made of the same. */
  source: Float64Array | undefined;
  values: Float64Array;
};

/** The steps of an instant selector's series. Lives as long as one evaluation. */
export class LookUps {
  readonly #how: How;
  /** By the array of times, which series of one host share. */
  readonly #seen = new Map<Float64Array, Seen>();

  constructor(how: How) {
    this.#how = how;
  }

  /** Undefined where no step has a sample. */
  of(samples: SeriesSamples): StepSeries | undefined {
    const seen = this.#seenOf(samples);
    if (!seen.isAny) return undefined;
    const { labels, values, histograms } = samples;
    if (histograms !== undefined) return this.#withHistograms(samples, seen);
    if (seen.source === values) {
      const { present } = seen;
      return { labels, dropName: false, values: seen.values, present, histograms: undefined };
    }
    const column = this.#columnOf(samples);
    const { picks } = seen;
    const { count, shown } = this.#how;
    const picked = new Float64Array(count);
    let { present } = seen;
    for (let i = 0; i < count; i++) {
      const at = picks[i] ?? -1;
      if (at < 0) continue;
      if (isStaleAt(values, at)) {
        if (present === seen.present) present = present.slice();
        present[i] = absent;
      } else if (column !== undefined) {
        const value = column[at] ?? 0;
        picked[i] = shown === "values" ? value : value / 1_000;
      }
    }
    if (present !== seen.present) {
      const series = { labels, dropName: false, values: picked, present, histograms: undefined };
      return hasSample(series) ? series : undefined;
    }
    if (shown === "values") {
      seen.source = values;
      seen.values = picked;
    }
    return { labels, dropName: false, values: picked, present, histograms: undefined };
  }

  #columnOf({ timestampsMs, values, starts }: SeriesSamples): Float64Array | undefined {
    switch (this.#how.shown) {
      case "values":
        return values;
      case "times":
        return timestampsMs;
      case "starts":
        return starts;
    }
  }

  #withHistograms(samples: SeriesSamples, { picks }: Seen): StepSeries | undefined {
    const { count, shown } = this.#how;
    const { labels, values, histograms } = samples;
    const column = this.#columnOf(samples);
    const series = newSeries(labels, count);
    for (let i = 0; i < count; i++) {
      const at = picks[i] ?? -1;
      if (at < 0 || isStaleAt(values, at)) continue;
      const value = column?.[at] ?? 0;
      const found = shown === "values" ? histograms?.[at] : undefined;
      putSample(series, i, found ?? (shown === "values" ? value : value / 1_000));
    }
    return hasSample(series) ? series : undefined;
  }

  #seenOf({ timestampsMs, buckets }: SeriesSamples): Seen {
    const known = this.#seen.get(timestampsMs);
    if (known !== undefined && known.spans === buckets?.spans) return known;
    const picks = picksOf(timestampsMs, buckets?.spans, this.#how);
    const present = new Uint8Array(picks.length);
    let isAny = false;
    for (let i = 0; i < picks.length; i++) {
      if ((picks[i] ?? -1) < 0) continue;
      present[i] = float;
      isAny = true;
    }
    const values = new Float64Array(0);
    const seen = { spans: buckets?.spans, picks, present, isAny, source: undefined, values };
    if (this.#seen.size < seenMax) this.#seen.set(timestampsMs, seen);
    return seen;
  }
}

/** Where nearly all series have times of their own, what was found is not found again. */
const seenMax = 4_096;

/** A cursor moves forward with the steps. Among buckets a step looks from the end of the last whole one before it. */
function picksOf(
  timestampsMs: Float64Array,
  spans: readonly TierSpan[] | undefined,
  { fromMs, stepMs, count, lookbackMs }: How,
): Int32Array {
  const picks = new Int32Array(count).fill(-1);
  const { length } = timestampsMs;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const stepTimeMs = fromMs + i * stepMs;
    let timeMs = stepTimeMs;
    let backMs = lookbackMs;
    if (spans !== undefined) {
      timeMs = flooredTime(spans, stepTimeMs);
      backMs = Math.max(lookbackMs, spanAt(spans, stepTimeMs).bucketMs);
    }
    // From samples into buckets a step may look further back than the one before it.
    while (next > 0 && (timestampsMs[next - 1] ?? 0) > timeMs) next--;
    while (next < length && (timestampsMs[next] ?? Infinity) <= timeMs) next++;
    if (next > 0 && (timestampsMs[next - 1] ?? 0) > timeMs - backMs) picks[i] = next - 1;
  }
  return picks;
}
