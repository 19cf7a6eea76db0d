import type { Catalog } from "../../catalog/catalog.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { messageOf } from "#shared/errors.ts";
import { labelsKey, type Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { RepeatedWarning } from "#shared/runtime/repeated_warning.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { AlertChange, GroupPlace, OpenAlert } from "./alert_change.ts";
import { type ChangesQuery, readChanges, readOpenAlerts, writeChanges } from "./change_rows.ts";
import { ChangeWatch, type ObservedRule } from "./change_watch.ts";
import {
  type HistoryDeletion,
  type HistoryKind,
  type HistoryLimits,
  readDeletions,
  trimHistory,
} from "./trim_history.ts";

type Parts = {
  readonly catalog: Pick<Catalog, "fenced" | "transaction">;
  readonly tenant: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
};
type Change = Omit<AlertChange, "id" | "atMs">;

/** Changes of one transaction: SQLite keeps the thread meanwhile. */
const writtenAtOnce = 100;
/** Between two transactions: in a storm of alerts, notifications come first. */
const pauseMs = 10;
/** Changes that wait while the catalog is away. */
const waitingMax = 20_000;
const retryMs = 5_000;
/** Transactions that one maintenance deletes in, of each kind. */
const trimsMax = 100;

/**
 * Each change of state of each alert, in the catalog. A change is written within a moment, by a queue that no evaluation waits for. What a
 * crash takes from the queue is written after the next start, where it still holds: the first evaluations are compared with what the
 * catalog has. Lost is an alert that has come and gone meanwhile.
 */
export class AlertHistory {
  readonly #parts: Parts;
  readonly #watch: ChangeWatch;
  readonly #waiting: AlertChange[] = [];
  readonly #failures: RepeatedWarning;
  readonly #deletions: RepeatedWarning;
  readonly #dropped;
  readonly #deleted;
  readonly #stopped = new AbortController();
  #writing: Promise<void> | undefined;
  #groups: (() => Iterable<GroupPlace>) | undefined;
  #limits: () => HistoryLimits = () => ({ retentionMs: Infinity, rowsMax: Infinity });

  static async open(parts: Parts): Promise<AlertHistory> {
    const { catalog, tenant } = parts;
    const known = await catalog.transaction("read the alerts of before", (sql) =>
      readOpenAlerts(sql, tenant),
    );
    return new AlertHistory(parts, known);
  }

  private constructor(parts: Parts, known: readonly OpenAlert[]) {
    const { log, clock, metrics } = parts;
    this.#parts = parts;
    this.#watch = new ChangeWatch(known);
    this.#failures = new RepeatedWarning(log, clock, "changes of alerts could not be written");
    this.#deletions = new RepeatedWarning(
      log,
      clock,
      "the history of alerts is full: the oldest entries were deleted",
    );
    this.#dropped = metrics.counter(
      "lapwing_alert_history_dropped_total",
      "Changes of alerts that were not written: too many waited for the catalog.",
      [],
    );
    this.#deleted = metrics.counter(
      "lapwing_alert_history_deleted_total",
      "Entries of the history that were deleted because of alertmanager.history_max.",
      ["kind"],
    );
  }

  /** Called after each evaluation of a group, at `atMs`. The alerts must stay as they are until this resolves. */
  async evaluated(group: GroupPlace, rules: readonly ObservedRule[], atMs: number): Promise<void> {
    this.#add(await this.#watch.evaluated(group, rules), atMs);
  }

  /** Called with each alert that another server sends. */
  received(labels: Labels, isResolved: boolean): void {
    this.#add(this.#watch.received(labels, isResolved), this.#parts.clock.now());
  }

  /** Keeps what the configuration says from now on. */
  limitBy(limits: () => HistoryLimits): void {
    this.#limits = limits;
  }

  /** The groups that there are: alerts of others have ended. */
  followGroups(groups: () => Iterable<GroupPlace>): void {
    this.#groups = groups;
  }

  /** Ends alerts of which no one says anything any more, and deletes what is too old or too much. `active`: alerts that fire. */
  async maintain(active: Iterable<{ readonly labels: Labels }>): Promise<void> {
    const { catalog, tenant, clock } = this.#parts;
    const limits = this.#limits();
    const nowMs = clock.now();
    const keys = new Set<string>();
    for (const { labels } of active) keys.add(labelsKey(labels));
    const groups = this.#groups && new Set([...this.#groups()].map(placeText));
    const isGroup = (group: GroupPlace) => groups?.has(placeText(group)) ?? true;
    this.#add(
      this.#watch.ended(isGroup, (key) => keys.has(key)),
      nowMs,
    );
    for (const kind of ["changes", "notifications"] as const)
      for (let i = 0; i < trimsMax; i++) {
        const { deleted, isDone } = await catalog.fenced("trim the history of alerts", (sql) =>
          trimHistory(sql, tenant, kind, { ...limits, nowMs }),
        );
        if (deleted > 0) this.#wereDeleted(kind, deleted);
        if (isDone) break;
        if (isTurnOver()) await nextTurn();
      }
  }

  /** The newest first. */
  changes(query: ChangesQuery): Promise<AlertChange[]> {
    const { catalog, tenant } = this.#parts;
    return catalog.transaction("read changes of alerts", (sql) => readChanges(sql, tenant, query));
  }

  /** What is missing because of the limit, and the limits. */
  async bounds(): Promise<HistoryLimits & { readonly deletions: readonly HistoryDeletion[] }> {
    const { catalog, tenant, clock } = this.#parts;
    const limits = this.#limits();
    const oldestMs = clock.now() - limits.retentionMs;
    const found = await catalog.transaction("read what was deleted", (sql) =>
      readDeletions(sql, tenant),
    );
    return { ...limits, deletions: found.filter(({ untilMs }) => untilMs > oldestMs) };
  }

  /** Waits until what has changed is written; tries once more where the catalog is away. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#writing;
  }

  /** Resolves once all changes so far are written. */
  async written(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #add(changes: readonly Change[], atMs: number): void {
    if (changes.length === 0) return;
    for (const change of changes) this.#waiting.push({ ...change, id: Bun.randomUUIDv7(), atMs });
    const excess = this.#waiting.length - waitingMax;
    if (excess > 0) {
      this.#waiting.splice(0, excess);
      this.#dropped.inc(excess);
      this.#failures.warn(() => ({ dropped: excess }));
    }
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    const { catalog, tenant, clock } = this.#parts;
    const { signal } = this.#stopped;
    // What the same turn adds goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const some = this.#waiting.slice(0, writtenAtOnce);
      const isLast = signal.aborted;
      try {
        await catalog.fenced("write changes of alerts", (sql) => writeChanges(sql, tenant, some));
        const written = new Set(some);
        // Others may have been dropped from the front meanwhile.
        const left = this.#waiting.findIndex((change) => !written.has(change));
        this.#waiting.splice(0, left < 0 ? this.#waiting.length : left);
        if (this.#waiting.length > 0) await clock.sleep(pauseMs, signal);
      } catch (thrown) {
        this.#failures.warn(() => ({ error: messageOf(thrown) }));
        if (isLast) break;
        await clock.sleep(retryMs, signal);
      }
    }
    this.#writing = undefined;
  }

  #wereDeleted(kind: HistoryKind, deleted: number): void {
    this.#deleted.inc({ kind }, deleted);
    const { rowsMax } = this.#limits();
    this.#deletions.warn(() => ({ kind, deleted, history_max: rowsMax }));
  }
}

function placeText({ file, name }: GroupPlace): string {
  return JSON.stringify([file, name]);
}
