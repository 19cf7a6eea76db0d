import { assertNever } from "#shared/assert.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { NotificationsQuery, StoredNotification } from "../state/notify_state.ts";
import type { HistoryPlace } from "../state/history_place.ts";
import type { AlertChange } from "./alert_change.ts";
import type { ChangesQuery } from "./change_rows.ts";

/** A change of an alert, or a notification. */
export type HistoryEntry =
  | { readonly kind: "change"; readonly ms: number; readonly change: AlertChange }
  | { readonly kind: "notification"; readonly ms: number; readonly sent: StoredNotification };

export type HistoryQuery = Pick<ChangesQuery, "startMs" | "endMs" | "before" | "state" | "name"> &
  Pick<NotificationsQuery, "outcome"> & {
    readonly kinds: readonly HistoryEntry["kind"][];
    /** Whether labels of an alert are asked for: of a notification, those of one of its alerts. */
    readonly matches: (labels: Labels) => boolean;
    readonly limit: number;
  };

export type HistorySources = {
  readonly changes: (query: ChangesQuery) => Promise<readonly AlertChange[]>;
  readonly notifications: (
    limit: number,
    query: NotificationsQuery,
  ) => Promise<readonly StoredNotification[]>;
};

/** Rows of one read. */
const readAtOnce = 200;
/** Rows that one page looks at: then it ends where it is, and the next one goes on. */
const readMax = 5_000;

/**
 * Changes and notifications, the newest first. `next` is where the next page begins; undefined where there is no older entry. A page may
 * have fewer entries than `limit`, or none, although there is a next one.
 */
export async function historyPage(
  sources: HistorySources,
  query: HistoryQuery,
): Promise<{ readonly entries: readonly HistoryEntry[]; readonly next: HistoryPlace | undefined }> {
  const entries: HistoryEntry[] = [];
  let { before } = query;
  for (let read = 0; read < readMax; read += readAtOnce) {
    const rows = await newest(sources, { ...query, before });
    for (const row of rows) {
      if (entries.length >= query.limit) return { entries, next: before };
      before = { ms: row.ms, id: idOf(row) };
      if (labelsOf(row).some(query.matches)) entries.push(row);
    }
    if (rows.length < readAtOnce) return { entries, next: undefined };
    if (isTurnOver()) await nextTurn();
  }
  return { entries, next: before };
}

/** The newest rows of all kinds. */
async function newest(
  { changes, notifications }: HistorySources,
  { kinds, ...query }: HistoryQuery,
): Promise<readonly HistoryEntry[]> {
  const limit = readAtOnce;
  const found: HistoryEntry[] = [];
  if (kinds.includes("change"))
    for (const change of await changes({ ...query, limit }))
      found.push({ kind: "change", ms: change.atMs, change });
  if (kinds.includes("notification"))
    for (const sent of await notifications(limit, query))
      found.push({ kind: "notification", ms: sent.createdMs, sent });
  return found.toSorted(newestFirst).slice(0, limit);
}

function newestFirst(a: HistoryEntry, b: HistoryEntry): number {
  return b.ms - a.ms || (idOf(a) < idOf(b) ? 1 : -1);
}

function idOf(entry: HistoryEntry): string {
  switch (entry.kind) {
    case "change":
      return entry.change.id;
    case "notification":
      return entry.sent.id;
    default:
      return assertNever(entry);
  }
}

function labelsOf(entry: HistoryEntry): readonly Labels[] {
  switch (entry.kind) {
    case "change":
      return [entry.change.labels];
    case "notification":
      return entry.sent.alerts.map(({ labels }) => labels);
    default:
      return assertNever(entry);
  }
}
