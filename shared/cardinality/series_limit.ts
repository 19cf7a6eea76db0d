import type { Labels } from "../model/labels.ts";
import { ActiveSeries } from "./active_series.ts";
import { DistinctCount } from "./distinct_count.ts";
import { type GrowingLabel, LabelGrowth } from "./label_growth.ts";

export type SeriesLimitScope = "agent" | "target" | "tenant" | "label";

/** How full a limit is, and what it refused since the process began. */
export type SeriesLimitReport = {
  readonly scope: SeriesLimitScope;
  readonly name: string;
  readonly limit: number;
  /** Series with a sample in the last hour. */
  readonly active: number;
  /** Different series; about, above 128. */
  readonly refusedSeries: number;
  readonly refusedSamples: number;
  /** Unix milliseconds, 0 where nothing was refused. */
  readonly lastRefusedMs: number;
  /** Known from half the limit on. */
  readonly fastest?: GrowingLabel;
};

type SeriesLimitParts = {
  readonly scope: SeriesLimitScope;
  readonly name: string;
  readonly limit: number;
  /** Series that are known when the limit is half full: a base to measure growth from. */
  readonly known: () => Iterable<Labels>;
  /** Told when something is refused for the first time in a while. */
  readonly onReached?: (report: SeriesLimitReport) => void;
};

/** At most so often is a limit that refuses told of. */
const tellEveryMs = 10 * 60_000;
/** Series that are read as the base of growth, and with each new one until all are: at once they took up to 60 ms. */
const knownMax = 100_000;
const knownAtOnce = 256;

/**
 * A bound on active series. Known series go on when it is reached; new ones are refused until others were idle for an hour. Costs
 * something for new series only, and a look-up for a series that is touched.
 */
export class SeriesLimit {
  readonly limit: number;
  readonly #parts: SeriesLimitParts;
  readonly #active = new ActiveSeries();
  readonly #refused = new DistinctCount();
  #growth: LabelGrowth | undefined;
  /** What is still to be read of it, while it is. */
  #base: Iterator<Labels> | undefined;
  #based = 0;
  #refusedSamples = 0;
  #lastRefusedMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  /** `limit` is at least 1. */
  constructor(parts: SeriesLimitParts) {
    this.limit = parts.limit;
    this.#parts = parts;
  }

  /** Whether a new series would be taken. */
  hasRoom(nowMs: number): boolean {
    if (this.#active.size < this.limit) return true;
    this.#active.expire(nowMs);
    return this.#active.size < this.limit;
  }

  /** Whether the series may be stored: it is known, or there is room. `hash` is hashOf(labelsKey(labels)). */
  admit(hash: number, labels: Labels, nowMs: number): boolean {
    if (this.#active.has(hash)) return true;
    if (!this.hasRoom(nowMs)) {
      this.refuse(hash, labels, nowMs);
      return false;
    }
    this.#active.touch(hash, nowMs);
    this.#grew(labels, nowMs);
    return true;
  }

  /** A series that was not asked for room because there was none. */
  refuse(hash: number, labels: Labels, nowMs: number): void {
    this.#refused.add(hash);
    this.#lastRefusedMs = nowMs;
    this.#grew(labels, nowMs);
  }

  /** The series has samples. It counts even where it never asked. */
  touch(hash: number, nowMs: number): void {
    this.#active.touch(hash, nowMs);
  }

  /** Samples of refused series. */
  addRefusedSamples(samples: number, nowMs: number): void {
    if (samples <= 0) return;
    this.#refusedSamples += samples;
    this.#lastRefusedMs = nowMs;
    if (nowMs - this.#toldMs < tellEveryMs) return;
    this.#toldMs = nowMs;
    this.#parts.onReached?.(this.report(nowMs));
  }

  report(nowMs: number): SeriesLimitReport {
    this.#active.expire(nowMs);
    const { scope, name, limit } = this.#parts;
    const fastest = this.#base === undefined ? this.#growth?.fastest(nowMs) : undefined;
    const report = {
      scope,
      name,
      limit,
      active: this.#active.size,
      refusedSeries: this.#refused.value,
      refusedSamples: this.#refusedSamples,
      lastRefusedMs: this.#lastRefusedMs,
    };
    return fastest === undefined ? report : { ...report, fastest };
  }

  #grew(labels: Labels, nowMs: number): void {
    if (this.#growth === undefined) {
      if (2 * this.#active.size < this.limit) return;
      this.#growth = new LabelGrowth();
      this.#base = this.#parts.known()[Symbol.iterator]();
    }
    if (this.#base !== undefined) this.#readBase(this.#growth, this.#base, nowMs);
    if (this.#base === undefined) this.#growth.add(labels, nowMs);
  }

  /** Those that come meanwhile count neither as known nor as growth. */
  #readBase(growth: LabelGrowth, base: Iterator<Labels>, nowMs: number): void {
    for (let read = 0; read < knownAtOnce; read++) {
      const next = base.next();
      if (next.done !== true && this.#based++ < knownMax) {
        growth.add(next.value, nowMs);
        continue;
      }
      growth.settle();
      this.#base = undefined;
      return;
    }
  }
}

/** The fields of a log line about a limit that is reached. */
export function reachedFields({ scope, name, limit, active, fastest }: SeriesLimitReport) {
  return {
    scope,
    name,
    limit,
    active,
    ...(fastest === undefined
      ? {}
      : {
          metric: fastest.metric,
          label: fastest.label,
          distinct_values: fastest.distinctValues,
          growth: fastest.growth,
        }),
  };
}
