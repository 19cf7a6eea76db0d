import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { Band, type BandSettings } from "./band.ts";
import type { MetricKind } from "./metric_kind.ts";

/** A series that left its band, what it came to, and what was usual. */
export type BandExit = {
  readonly labels: Labels;
  readonly timestampMs: number;
  readonly value: number;
  readonly mean: number;
  readonly halfWidth: number;
};

/** Each takes some 300 bytes. */
const seriesMax = 10_000;

/** One series that is watched; it outlives the schema that its samples came in. */
export class WatchedSeries {
  readonly labels: Labels;
  readonly #isCounter: boolean;
  readonly #band = new Band();
  #previous = Number.NaN;
  #previousMs = Number.NaN;
  #askedMs = -Infinity;

  constructor(labels: Labels, kind: MetricKind) {
    this.labels = labels;
    this.#isCounter = kind === "counter";
  }

  get lastMs(): number {
    return this.#previousMs;
  }

  /** Of a counter its rate a second is judged; a reset has none. An exit within the cooldown of the one before is none. */
  observe(
    timestampMs: number,
    value: number,
    settings: BandSettings,
    cooldownMs: number,
  ): BandExit | undefined {
    const [before, beforeMs] = [this.#previous, this.#previousMs];
    this.#previous = value;
    this.#previousMs = timestampMs;
    if (!Number.isFinite(value)) return undefined;
    const seconds = (timestampMs - beforeMs) / 1_000;
    const judged = this.#isCounter ? (value - before) / seconds : value;
    if (this.#isCounter && !(seconds > 0 && value >= before)) return undefined;
    const [mean, halfWidth] = [this.#band.mean, this.#band.halfWidth(settings)];
    if (this.#band.observe(timestampMs, judged, settings) !== "exit") return undefined;
    if (timestampMs - this.#askedMs < cooldownMs) return undefined;
    this.#askedMs = timestampMs;
    return { labels: this.labels, timestampMs, value: judged, mean, halfWidth };
  }
}

/** All series that are watched, by their labels. */
export class SeriesBands {
  readonly #known = new Map<string, WatchedSeries>();
  /** Series that there was no room for. */
  refused = 0;

  get size(): number {
    return this.#known.size;
  }

  /** undefined where there is no room. */
  of(labels: Labels, kind: MetricKind): WatchedSeries | undefined {
    const key = labelsKey(labels);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= seriesMax) {
      this.refused++;
      return undefined;
    }
    const made = new WatchedSeries(labels, kind);
    this.#known.set(key, made);
    return made;
  }

  /** Forgets what had no sample since then. */
  forgetUntil(ms: number): void {
    for (const [key, { lastMs }] of this.#known) if (lastMs < ms) this.#known.delete(key);
  }

  clear(): void {
    this.#known.clear();
  }
}
