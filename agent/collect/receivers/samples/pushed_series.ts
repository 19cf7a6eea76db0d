import { hashOf } from "#shared/cardinality/series_hash.ts";
import { LabelSets } from "#shared/model/label_sets.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { MetricFamily, MetricsBatch, SparseSamples } from "#shared/model/metrics.ts";
import type { TextPool } from "#shared/text/text_pool.ts";
import { NewestSamples } from "./newest_samples.ts";
import type { PushedSamples } from "./sample_buffer.ts";
import { SeriesGroups } from "./series_groups.ts";

export type PushedSeriesLimits = {
  readonly seriesMax: number;
  /** A series without samples for so long is forgotten when room is wanted. */
  readonly idleMs: number;
  /** How far behind the newest sample of all series a sample may lie. */
  readonly outOfOrderMs: number;
  /** The agent's own limit on series; asked for new ones. */
  readonly agent: AgentLimit;
  /** Gives the texts that are kept: those of senders may be slices of their requests. */
  readonly texts: TextPool;
};

export type AgentLimit = {
  hasRoom(): boolean;
  /** Notes a series that was refused because there was no room. */
  refused(key: string, labels: Labels): void;
};

/** What a wire format remembers by column; size counts what it holds. */
export type ColumnMemory = { readonly size: number; clear(): void };

/** Result of columnOf() for a series over the limit. */
export const noRoom = -1;

/** Below this the series are not worth tidying. */
const tidyColumnsMin = 1_024;
const tidyEveryMs = 60_000;
/** A sample that is its series' newest may be this late in any case, as in Prometheus. */
const behindMaxMs = 3_600_000;
const familiesMax = 50_000;
const helpCharsMax = 16_384;

/**
 * The series that one receiver knows, by numbers called columns. The list grows at its end; when half of it was idle,
 * or it is full, a new one is made of the rest, between requests only (begin()). Samples that are on their way keep the old.
 */
export class PushedSeries {
  readonly #limits: PushedSeriesLimits;
  #series = new LabelSets();
  #groups = new SeriesGroups();
  #families = new Map<string, MetricFamily>();
  readonly #memories: ColumnMemory[] = [];
  #newest = new NewestSamples();
  /** The newest time of all series. */
  #newestMs = -Infinity;
  #nowMs = 0;
  #tidiedMs = 0;
  /** Samples on their way in several batches: columns stay what they are. */
  #holders = 0;

  constructor(limits: PushedSeriesLimits) {
    this.#limits = limits;
  }

  labelsOf(column: number): Labels | undefined {
    return this.#series.all.at(column);
  }

  /** A label set that is equal, where it is known; `hash` is hashOf() its labelsKey(). */
  held(labels: Labels, hash: number): Labels | undefined {
    const column = this.#series.numberOf(labels, hash);
    return column === undefined ? undefined : this.#series.all.at(column);
  }

  /** Another one when the columns were numbered anew. */
  get groups(): SeriesGroups {
    return this.#groups;
  }

  /** What samples, and the metadata that is new, are sent as. */
  batchOf(samples: PushedSamples): MetricsBatch {
    return this.#groups.batchOf(samples, this.#series.all);
  }

  /** Clears the memory from now on when columns are numbered anew, and between requests when it holds far more than there are. */
  lend<Memory extends ColumnMemory>(memory: Memory): Memory {
    this.#memories.push(memory);
    return memory;
  }

  /** Opens a request. Columns given out before count no more. */
  begin(nowMs: number): void {
    this.#nowMs = nowMs;
    const { size } = this.#series;
    for (const memory of this.#memories)
      if (memory.size > 2 * this.#limits.seriesMax) memory.clear();
    if (size < Math.min(tidyColumnsMin, this.#limits.seriesMax)) return;
    if (this.#holders > 0 || Math.abs(nowMs - this.#tidiedMs) < tidyEveryMs) return;
    this.#tidiedMs = nowMs;
    const sinceMs = nowMs - this.#limits.idleMs;
    let idle = 0;
    for (let column = 0; column < size; column++) if (this.#newest.seenMs(column) < sinceMs) idle++;
    if (2 * idle > size || (size >= this.#limits.seriesMax && idle > 0)) this.#rebuild(sinceMs);
  }

  /** The column of a label set without empty values, or noRoom. */
  columnOf(labels: Labels, key: string = labelsKey(labels)): number {
    const hash = hashOf(key);
    const known = this.#series.numberOf(labels, hash);
    if (known !== undefined) return known;
    const column = this.#series.size;
    if (column >= this.#limits.seriesMax) return noRoom;
    if (!this.#limits.agent.hasRoom()) {
      this.#limits.agent.refused(key, labels);
      return noRoom;
    }
    this.#newest.add(column, this.#nowMs);
    return this.#series.add(this.#kept(labels), hash);
  }

  #kept(labels: Labels): Labels {
    const { texts } = this.#limits;
    const kept: [string, string][] = [];
    for (const name in labels) kept.push([name, texts.of(labels[name] ?? "")]);
    // fromEntries makes "__proto__" an ordinary name.
    return Object.fromEntries(kept);
  }

  /** Takes metadata where it is news; says whether it was. */
  describe(family: MetricFamily): boolean {
    const known = this.#families.get(family.name);
    if (known === undefined && this.#families.size >= familiesMax) return false;
    if (family.help.length > helpCharsMax || family.name.length > helpCharsMax) return false;
    if (
      known?.type === family.type &&
      known.help === family.help &&
      known.unit === family.unit.slice(0, helpCharsMax)
    )
      return false;
    const { texts } = this.#limits;
    const taken = {
      ...family,
      name: texts.of(family.name),
      help: texts.of(family.help),
      unit: texts.of(family.unit.slice(0, helpCharsMax)),
    };
    this.#families.set(taken.name, taken);
    this.#groups.addFamily(taken);
    return true;
  }

  /** Columns are not numbered anew until release(). */
  hold(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
  }

  /** Whether no sample of the series is in the spool. */
  isNew(column: number): boolean {
    return this.#newest.lastMs(column) === -Infinity;
  }

  /** How a sample relates to the newest stored one of its series. */
  compareWithLast(
    column: number,
    timestampMs: number,
    low: number,
    high: number,
  ): "new" | "same" | "conflict" {
    if (this.#newest.lastMs(column) !== timestampMs) return "new";
    return this.#newest.isValue(column, low, high) ? "same" : "conflict";
  }

  /**
   * Whether a sample is too late to be taken. Prometheus's rule: it lies further behind the newest sample of all than the
   * out-of-order window; or, where it is its series' newest, than that and an hour.
   */
  isTooOld(column: number, timestampMs: number): boolean {
    const { outOfOrderMs } = this.#limits;
    const behindMs = this.#newestMs - timestampMs;
    if (timestampMs >= this.#newest.lastMs(column))
      return behindMs > Math.max(outOfOrderMs, behindMaxMs);
    return outOfOrderMs === 0 || behindMs > outOfOrderMs;
  }

  /**
   * Where, from `start` on, the first sample stands that is not plainly its series' newest: one at or before the newest stored or after
   * `latestMs`, one that is too old, or a second one of the same series. `end` where there is none.
   */
  newerEnd(
    columns: Uint32Array,
    timestampsMs: Float64Array,
    start: number,
    end: number,
    latestMs: number,
  ): number {
    const earliestMs = this.#newestMs - Math.max(this.#limits.outOfOrderMs, behindMaxMs);
    return this.#newest.newerEnd(columns, timestampsMs, [start, end], [earliestMs, latestMs]);
  }

  /** The samples are in the spool. Does nothing when their columns were those of older groups. */
  stored(groups: SeriesGroups, samples: SparseSamples, nowMs: number): void {
    if (groups !== this.#groups) return;
    this.#newestMs = this.#newest.stored(samples, nowMs, this.#newestMs);
  }

  #rebuild(sinceMs: number): void {
    const [series, newest] = [this.#series, this.#newest];
    this.#series = new LabelSets();
    this.#newest = new NewestSamples();
    this.#groups = new SeriesGroups();
    for (const family of this.#families.values()) this.#groups.addFamily(family);
    for (const memory of this.#memories) memory.clear();
    for (let from = 0; from < series.size; from++) {
      if (newest.seenMs(from) < sinceMs) continue;
      const to = this.#series.add(series.all.at(from) ?? {}, series.hashAt(from));
      this.#newest.copy(to, newest, from);
    }
  }
}
