import { hashOf } from "#shared/cardinality/series_hash.ts";
import {
  SeriesLimit,
  type SeriesLimitReport,
  reachedFields,
} from "#shared/cardinality/series_limit.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { MetricsBatch, MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { SchemaSelection } from "./schema_selection.ts";

const touchEveryMs = 5 * 60_000;
/** Rows are looked at during so long before that: longer than usual intervals, for each batch may hold a part of the series. */
const lookMs = 75_000;
const retryEveryMs = 30_000;
const schemasTidyMin = 64;

/** What is known of a schema whose batches come by. */
type SchemaState = {
  /** By column; as many as were looked at. */
  readonly hashes: number[];
  /** Columns that had a sample since they were last told to the limit; 1 a column. */
  seen: Uint8Array;
  /** The columns that may go on; absent while all may. */
  selection: SchemaSelection | undefined;
  touchedMs: number;
  retriedMs: number;
};

export type SeriesLimiterParts = {
  readonly name: string;
  /** 0 is none. */
  readonly limit: number;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
};

/**
 * Bounds the active series of the agent, whatever they come from. New series over the limit are taken out of batches with their
 * samples. A batch without refused series passes as it is: it costs something when its schema grows, a byte for each sample that
 * came with a time of its own, and a look at one row of four.
 */
export class SeriesLimiter {
  readonly #limit: SeriesLimit | undefined;
  readonly #clock: Pick<Clock, "now">;
  readonly #states = new WeakMap<SeriesSchema, SchemaState>();
  /** To find the labels of known series, without keeping them. */
  #schemas: WeakRef<SeriesSchema>[] = [];
  #tidyAt = schemasTidyMin;

  constructor({ name, limit, clock, log }: SeriesLimiterParts) {
    this.#clock = clock;
    if (limit === 0) return;
    this.#limit = new SeriesLimit({
      scope: "agent",
      name,
      limit,
      known: () => this.#known(),
      onReached: (report) => log.warn("series limit reached", reachedFields(report)),
    });
  }

  /** undefined where there is no limit. */
  report(): SeriesLimitReport | undefined {
    return this.#limit?.report(this.#clock.now());
  }

  /** Whether a new series would be taken: for those who can tell their senders. */
  hasRoom(): boolean {
    return this.#limit?.hasRoom(this.#clock.now()) ?? true;
  }

  /** Notes a series that was refused for hasRoom(). */
  refused(key: string, labels: Labels): void {
    this.#limit?.refuse(hashOf(key), labels, this.#clock.now());
  }

  refusedSamples(samples: number): void {
    this.#limit?.addRefusedSamples(samples, this.#clock.now());
  }

  /** The batch without series over the limit, and how many samples they had. The batch given is not to be used any more. */
  apply(batch: MetricsBatch): { readonly batch: MetricsBatch; readonly refused: number } {
    const limit = this.#limit;
    if (limit === undefined) return { batch, refused: 0 };
    const nowMs = this.#clock.now();
    const { also, ...part } = batch;
    const own = this.#part(limit, part, nowMs);
    const others = also?.map((one) => this.#part(limit, one, nowMs));
    const refused = (others ?? []).reduce((sum, one) => sum + one.refused, own.refused);
    if (
      refused === 0 &&
      own.part === part &&
      others?.every((one, i) => one.part === also?.[i]) !== false
    )
      return { batch, refused };
    limit.addRefusedSamples(refused, nowMs);
    const limited = others?.map((one) => one.part);
    return { batch: limited === undefined ? own.part : { ...own.part, also: limited }, refused };
  }

  #part(
    limit: SeriesLimit,
    part: MetricsPart,
    nowMs: number,
  ): { readonly part: MetricsPart; readonly refused: number } {
    const state = this.#stateOf(part.schema, nowMs);
    this.#resolve(limit, part.schema, state, nowMs);
    this.#see(limit, part, state, nowMs);
    const { selection } = state;
    if (selection === undefined) return { part, refused: 0 };
    if (nowMs - state.retriedMs >= retryEveryMs) {
      state.retriedMs = nowMs;
      if (limit.hasRoom(nowMs)) this.#retry(limit, part, selection, state, nowMs);
    }
    return selection.select(part);
  }

  #stateOf(schema: SeriesSchema, nowMs: number): SchemaState {
    let state = this.#states.get(schema);
    if (state === undefined) {
      state = {
        hashes: [],
        seen: new Uint8Array(64),
        selection: undefined,
        touchedMs: nowMs,
        retriedMs: nowMs,
      };
      this.#states.set(schema, state);
      // Tidied when there are twice as many: at each new one, ten thousand targets would take seconds to begin.
      if (this.#schemas.length >= this.#tidyAt) {
        this.#schemas = this.#schemas.filter((one) => one.deref() !== undefined);
        this.#tidyAt = Math.max(schemasTidyMin, 2 * this.#schemas.length);
      }
      this.#schemas.push(new WeakRef(schema));
    }
    return state;
  }

  /** Asks for the columns that are new. */
  #resolve(limit: SeriesLimit, schema: SeriesSchema, state: SchemaState, nowMs: number): void {
    const { series } = schema;
    for (let column = state.hashes.length; column < series.length; column++) {
      const labels = series[column] ?? {};
      const hash = hashOf(labelsKey(labels));
      state.hashes.push(hash);
      const isAdmitted = limit.admit(hash, labels, nowMs);
      if (!isAdmitted) state.selection ??= new SchemaSelection(schema, column);
      if (isAdmitted) state.selection?.admit(column);
    }
    if (state.seen.length < series.length) {
      const seen = new Uint8Array(2 * series.length);
      seen.set(state.seen);
      state.seen = seen;
    }
  }

  /** Notes which series have samples, and tells the limit from time to time. */
  #see(limit: SeriesLimit, batch: MetricsPart, state: SchemaState, nowMs: number): void {
    const { seen, selection } = state;
    markColumns(batch, seen);
    const sinceMs = Math.abs(nowMs - state.touchedMs);
    if (sinceMs >= touchEveryMs - lookMs) SchemaSelection.markPresent(batch.rows, seen);
    if (sinceMs < touchEveryMs) return;
    state.touchedMs = nowMs;
    const { hashes } = state;
    for (let column = 0; column < hashes.length; column++)
      if (seen[column] === 1 && selection?.refuses(column) !== true)
        limit.touch(hashes[column] ?? 0, nowMs);
    seen.fill(0);
  }

  /** Asks again for refused columns that have samples in this batch. */
  #retry(
    limit: SeriesLimit,
    batch: MetricsPart,
    selection: SchemaSelection,
    state: SchemaState,
    nowMs: number,
  ): void {
    const present = new Uint8Array(state.hashes.length);
    SchemaSelection.markPresent(batch.rows, present);
    markColumns(batch, present);
    for (const column of selection.refusedColumns()) {
      if (present[column] !== 1) continue;
      if (!limit.hasRoom(nowMs)) return;
      const labels = batch.schema.series[column] ?? {};
      if (limit.admit(state.hashes[column] ?? 0, labels, nowMs)) selection.admit(column);
    }
  }

  *#known(): Generator<Labels> {
    for (const reference of this.#schemas) yield* reference.deref()?.series ?? [];
  }
}

/** Sets 1 for each column that has a sample with a time of its own. By index: it runs for every sample that is pushed. */
function markColumns({ sparse, histograms }: MetricsPart, seen: Uint8Array): void {
  for (const columns of [sparse?.columns, histograms?.columns])
    if (columns !== undefined) for (let i = 0; i < columns.length; i++) seen[columns[i] ?? 0] = 1;
}
