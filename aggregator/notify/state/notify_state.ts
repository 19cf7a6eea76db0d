import type { SQL } from "bun";
import { createHash } from "node:crypto";
import { z } from "zod";
import type { NotifiedStatus } from "#aggregator/channels/notification.ts";
import type { SendOutcome } from "#aggregator/channels/channel.ts";
import { assertNever } from "#shared/assert.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { count } from "../../catalog/catalog_count.ts";
import type { ReceivedAlert } from "../pipeline/alert.ts";
import type { Delivery, Settled } from "../pipeline/deliveries.ts";
import { type LogEntry, keyOf } from "../pipeline/notification_log.ts";
import type { Recurrence } from "../silences/recurrence.ts";
import type { Silence } from "../silences/silence.ts";
import type { HistoryPlace } from "./history_place.ts";
import { BatchedWrites } from "./batched_writes.ts";
import { AlertRow, EntryRow, NamedAlerts, RecurrenceRow, SilenceRow } from "./stored_rows.ts";

export const notificationStates = ["pending", "sent", "failed", "given_up", "interrupted"] as const;
export type NotificationState = (typeof notificationStates)[number];

/** Which notifications: all where nothing is given. Times are Unix milliseconds; `endMs` is not in the span. */
export type NotificationsQuery = {
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  readonly outcome?: NotificationState | undefined;
  readonly before?: HistoryPlace | undefined;
};

/** An alert that a notification was about. */
export type NamedAlert = {
  readonly fingerprint: string;
  readonly status: NotifiedStatus;
  readonly labels: Labels;
};

/** A notification as the history has it. Times are Unix milliseconds. */
export type StoredNotification = {
  readonly id: string;
  readonly createdMs: number;
  readonly receiver: string;
  readonly integration: string;
  readonly groupKey: string;
  readonly reason: string;
  readonly status: string;
  readonly alertCount: number;
  /** The first 100 of its alerts. */
  readonly alerts: readonly NamedAlert[];
  readonly state: NotificationState;
  readonly attempts: number;
  /** Why it failed, in Alertmanager's word; empty where it did not. */
  readonly failure: string;
  /** What the service answered, or the error. */
  readonly answer: string;
  readonly settledMs: number | undefined;
};

/** Alerts that a row names; the others are counted. */
const alertsNamedMax = 100;
const answerCharactersMax = 2_000;

/** What survives a crash: silences, the notification log, alerts, and each notification, in the catalog. */
export class NotifyState {
  readonly #catalog: Pick<Catalog, "fenced" | "transaction">;
  readonly #tenant: string;
  readonly #writes: BatchedWrites;

  constructor(catalog: Pick<Catalog, "fenced" | "transaction">, tenant: string) {
    this.#catalog = catalog;
    this.#tenant = tenant;
    this.#writes = new BatchedWrites(catalog);
  }

  /** Everything of before a start. Notifications that were under way are marked as interrupted: what they said is said again. */
  async load(nowMs: number): Promise<{
    readonly silences: Silence[];
    readonly recurrences: Recurrence[];
    readonly entries: LogEntry[];
    readonly alerts: ReceivedAlert[];
  }> {
    const tenant = this.#tenant;
    await this.#catalog.fenced(
      "mark interrupted notifications",
      (sql) =>
        sql`UPDATE notifications SET state = 'interrupted', settled_ms = ${Math.round(nowMs)}
          WHERE tenant = ${tenant} AND state = 'pending'`,
    );
    return this.#catalog.transaction("read the state of notifications", async (sql) => ({
      silences: z
        .array(SilenceRow)
        .parse([...(await sql`SELECT silence FROM silences WHERE tenant = ${tenant}`)])
        .map(({ silence }) => silence),
      recurrences: z
        .array(RecurrenceRow)
        .parse([
          ...(await sql`SELECT recurrence FROM recurring_silences WHERE tenant = ${tenant}`),
        ]),
      entries: z.array(EntryRow).parse([
        ...(await sql`SELECT entry FROM notification_log
            WHERE tenant = ${tenant} AND expires_ms > ${Math.round(nowMs)}`),
      ]),
      alerts: z
        .array(AlertRow)
        .parse([...(await sql`SELECT alert FROM notified_alerts WHERE tenant = ${tenant}`)]),
    }));
  }

  saveSilences(changed: readonly Silence[]): Promise<void> {
    const tenant = this.#tenant;
    return this.#writes.add(async (sql) => {
      for (const silence of changed) {
        const text = JSON.stringify(silence);
        await sql`INSERT INTO silences (tenant, id, silence)
          VALUES (${tenant}, ${silence.id}, ${text})
          ON CONFLICT (tenant, id) DO UPDATE SET silence = excluded.silence`;
      }
    });
  }

  removeSilences(ids: readonly string[]): Promise<void> {
    const tenant = this.#tenant;
    return this.#writes.add(async (sql) => {
      for (const id of ids) await sql`DELETE FROM silences WHERE tenant = ${tenant} AND id = ${id}`;
    });
  }

  saveRecurrence(recurrence: Recurrence): Promise<void> {
    const [tenant, text] = [this.#tenant, JSON.stringify(recurrence)];
    return this.#writes.add(
      (sql) => sql`INSERT INTO recurring_silences (tenant, id, recurrence)
        VALUES (${tenant}, ${recurrence.id}, ${text})
        ON CONFLICT (tenant, id) DO UPDATE SET recurrence = excluded.recurrence`,
    );
  }

  removeRecurrence(id: string): Promise<void> {
    const tenant = this.#tenant;
    return this.#writes.add(
      (sql) => sql`DELETE FROM recurring_silences WHERE tenant = ${tenant} AND id = ${id}`,
    );
  }

  /** Some hundreds at most: they are one statement. */
  saveAlerts(alerts: readonly ReceivedAlert[]): Promise<void> {
    const tenant = this.#tenant;
    // Each once: PostgreSQL changes no row twice in one statement.
    const last = [...new Map(alerts.map((alert) => [alert.fingerprint, alert])).values()];
    const rows = last.map((alert) => ({
      tenant,
      fingerprint: alert.fingerprint,
      alert: JSON.stringify(alert),
    }));
    if (rows.length === 0) return Promise.resolve();
    return this.#writes.add(
      (sql) => sql`INSERT INTO notified_alerts ${sql(rows)}
        ON CONFLICT (tenant, fingerprint) DO UPDATE SET alert = excluded.alert`,
    );
  }

  /** Some hundreds at most. */
  removeAlerts(fingerprints: readonly string[]): Promise<void> {
    const tenant = this.#tenant;
    if (fingerprints.length === 0) return Promise.resolve();
    return this.#writes.add(
      (sql) => sql`DELETE FROM notified_alerts
        WHERE tenant = ${tenant} AND fingerprint IN ${sql(fingerprints)}`,
    );
  }

  /** Writes a notification that is about to be sent. The history has `why` as its reason, where it is given. */
  begin({ id, key, notification, createdMs }: Delivery, why?: "test"): Promise<void> {
    const tenant = this.#tenant;
    const { groupKey, receiver, integration } = key;
    const { reason, status, alerts } = notification;
    const named = alerts
      .slice(0, alertsNamedMax)
      .map(({ fingerprint, status: own, labels }) => ({ fingerprint, status: own, labels }));
    return this.#writes.add(
      (sql) => sql`INSERT INTO notifications (tenant, id, created_ms, receiver, integration,
          group_key, reason, status, alert_count, alerts, state, attempts, failure, answer)
        VALUES (${tenant}, ${id}, ${Math.round(createdMs)}, ${receiver}, ${integration},
          ${groupKey}, ${why ?? reason}, ${status}, ${alerts.length}, ${JSON.stringify(named)},
          'pending', 0, '', '')`,
    );
  }

  /** Marks a notification with what became of it; one that was sent is in the log from the same moment. */
  settle(delivery: Delivery, settled: Settled, nowMs: number): Promise<void> {
    return this.#writes.add(async (sql) => {
      await this.#writeOutcome(sql, delivery, outcomeOf(settled), nowMs);
      if (settled.kind === "sent") await this.#writeEntry(sql, settled.entry);
    });
  }

  /** Marks a notification that was a test; nothing is logged as notified. */
  recordTest(delivery: Delivery, outcome: SendOutcome, nowMs: number): Promise<void> {
    const settled =
      outcome.kind === "sent"
        ? { state: "sent" as const, failure: "", answer: outcome.answer }
        : { state: "failed" as const, failure: outcome.reason, answer: outcome.error };
    return this.#writes.add((sql) => this.#writeOutcome(sql, delivery, settled, nowMs));
  }

  async #writeOutcome(
    sql: SQL,
    { id, attempts }: Delivery,
    { state, failure, answer }: ReturnType<typeof outcomeOf>,
    nowMs: number,
  ): Promise<void> {
    const shown = answer.replaceAll("\0", "").slice(0, answerCharactersMax);
    await sql`UPDATE notifications SET state = ${state}, attempts = ${attempts},
      failure = ${failure}, answer = ${shown}, settled_ms = ${Math.round(nowMs)}
      WHERE tenant = ${this.#tenant} AND id = ${id}`;
  }

  saveEntry(entry: LogEntry): Promise<void> {
    return this.#writes.add((sql) => this.#writeEntry(sql, entry));
  }

  async #writeEntry(sql: SQL, entry: LogEntry): Promise<void> {
    const id = createHash("sha256").update(keyOf(entry)).digest("hex");
    const [text, expiresMs] = [JSON.stringify(entry), Math.round(entry.expiresMs)];
    await sql`INSERT INTO notification_log (tenant, id, entry, expires_ms)
      VALUES (${this.#tenant}, ${id}, ${text}, ${expiresMs})
      ON CONFLICT (tenant, id) DO UPDATE SET entry = excluded.entry,
        expires_ms = excluded.expires_ms`;
  }

  /** Forgets entries of the log that are too old. */
  clean(nowMs: number): Promise<void> {
    const tenant = this.#tenant;
    return this.#writes.add(
      (sql) => sql`DELETE FROM notification_log
        WHERE tenant = ${tenant} AND expires_ms < ${Math.round(nowMs)}`,
    );
  }

  /** The newest first; older than `before` where it is given. */
  history(limit: number, query: NotificationsQuery = {}): Promise<StoredNotification[]> {
    const { startMs = 0, endMs = Number.MAX_SAFE_INTEGER, outcome } = query;
    const { ms, id } = query.before ?? { ms: Number.MAX_SAFE_INTEGER, id: "" };
    return this.#catalog.transaction("read notifications", async (sql) => {
      const rows = await sql`SELECT * FROM notifications WHERE tenant = ${this.#tenant}
        AND created_ms >= ${Math.floor(startMs)} AND created_ms < ${Math.ceil(endMs)}
        AND (created_ms < ${ms} OR (created_ms = ${ms} AND id < ${id}))
        ${outcome === undefined ? sql`` : sql`AND state = ${outcome}`}
        ORDER BY created_ms DESC, id DESC LIMIT ${limit}`;
      return z.array(NotificationRow).parse([...rows]);
    });
  }

  /** What became of the notifications of each integration since a time, and the newest of each. */
  integrationHistory(sinceMs: number): Promise<readonly IntegrationHistory[]> {
    const [tenant, since] = [this.#tenant, Math.round(sinceMs)];
    return this.#catalog.transaction("read outcomes of notifications", async (sql) => {
      const rows = await sql`SELECT receiver, integration, state, created_ms, failure, answer,
          reason, sent, failed
        FROM (
          SELECT receiver, integration, state, created_ms, failure, answer, reason,
            row_number() OVER (PARTITION BY receiver, integration
              ORDER BY created_ms DESC, id DESC) AS place,
            sum(CASE WHEN state = 'sent' THEN 1 ELSE 0 END)
              OVER (PARTITION BY receiver, integration) AS sent,
            sum(CASE WHEN state IN ('failed', 'given_up') THEN 1 ELSE 0 END)
              OVER (PARTITION BY receiver, integration) AS failed
          FROM notifications WHERE tenant = ${tenant} AND created_ms >= ${since}
        ) AS ranked WHERE place = 1`;
      return z.array(IntegrationRow).parse([...rows]);
    });
  }

  /** Waits for what is being written. */
  close(): Promise<void> {
    return this.#writes.idle();
  }
}

/** The outcomes of one integration. */
export type IntegrationHistory = z.output<typeof IntegrationRow>;

const IntegrationRow = z
  .object({
    receiver: z.string(),
    integration: z.string(),
    state: z.enum(notificationStates),
    created_ms: count,
    failure: z.string(),
    answer: z.string(),
    reason: z.string(),
    sent: count,
    failed: count,
  })
  .transform(({ receiver, integration, sent, failed, created_ms: createdMs, ...last }) => ({
    receiver,
    integration,
    sent,
    failed,
    last: { ...last, createdMs },
  }));

function outcomeOf(settled: Settled): {
  readonly state: NotificationState;
  readonly failure: string;
  readonly answer: string;
} {
  switch (settled.kind) {
    case "sent":
      return { state: "sent", failure: "", answer: settled.answer };
    case "failed": {
      const { reason: failure, error: answer, isFinal } = settled;
      return { state: isFinal ? "failed" : "given_up", failure, answer };
    }
    default:
      return assertNever(settled);
  }
}

const NotificationRow = z
  .object({
    id: z.string(),
    created_ms: count,
    receiver: z.string(),
    integration: z.string(),
    group_key: z.string(),
    reason: z.string(),
    status: z.string(),
    alert_count: count,
    alerts: NamedAlerts,
    state: z.enum(notificationStates),
    attempts: count,
    failure: z.string(),
    answer: z.string(),
    settled_ms: count.nullable(),
  })
  .transform((row): StoredNotification => ({
    id: row.id,
    createdMs: row.created_ms,
    receiver: row.receiver,
    integration: row.integration,
    groupKey: row.group_key,
    reason: row.reason,
    status: row.status,
    alertCount: row.alert_count,
    alerts: row.alerts,
    state: row.state,
    attempts: row.attempts,
    failure: row.failure,
    answer: row.answer,
    settledMs: row.settled_ms ?? undefined,
  }));
