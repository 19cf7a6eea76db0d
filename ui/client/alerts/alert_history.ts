import { z } from "zod";
import { Notification, notificationRow, type NotificationRow } from "../alertmanager.ts";
import { fetchJson } from "../transport.ts";

/** What an alert became; `inactive` is the end of one that never fired. */
export const changeStates = ["pending", "firing", "resolved", "inactive"] as const;

/** A change of an alert. Times are Unix milliseconds. */
export type ChangeRow = {
  readonly kind: "change";
  readonly id: string;
  readonly atMs: number;
  readonly state: (typeof changeStates)[number];
  readonly labels: Readonly<Record<string, string>>;
  /** Empty for an alert of another server. */
  readonly value: string;
  readonly group: string;
};
/** An entry of the history of alerts. */
export type HistoryRow =
  | ChangeRow
  | (NotificationRow & { readonly kind: "notification"; readonly atMs: number });

export type HistoryFilter = {
  readonly kind?: HistoryRow["kind"] | undefined;
  readonly state?: ChangeRow["state"] | undefined;
  readonly outcome?: NotificationRow["state"] | undefined;
  /** Matchers of an alert's labels. */
  readonly filter?: string | undefined;
  /** Unix milliseconds. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
};

/** A page of the history, where the next one begins, and what is missing because the history was full. */
export type HistoryPage = {
  readonly rows: readonly HistoryRow[];
  readonly next: string | undefined;
  readonly retention: string;
  readonly entriesMax: number;
  readonly deleted: readonly { readonly kind: string; readonly untilMs: number }[];
};

const Change = z
  .object({
    kind: z.literal("change"),
    id: z.string(),
    at: z.string(),
    state: z.enum(changeStates),
    labels: z.record(z.string(), z.string()),
    value: z.string().nullable(),
    rule: z.object({ file: z.string(), group: z.string() }).nullable(),
  })
  .transform(({ at, value, rule, ...rest }): ChangeRow => ({
    ...rest,
    atMs: Date.parse(at),
    value: value ?? "",
    group: rule?.group ?? "",
  }));
const Sent = Notification.extend({ kind: z.literal("notification") }).transform(
  ({ kind, ...sent }): HistoryRow => {
    const row = notificationRow(sent);
    return { ...row, kind, atMs: row.createdMs };
  },
);
const Answer = z.object({
  entries: z.array(z.union([Change, Sent])),
  next: z.string().nullable(),
  bounds: z.object({
    retention: z.string(),
    entriesMax: z.number(),
    deleted: z.array(z.object({ kind: z.string(), until: z.string() })),
  }),
});

/** GET /api/v1/monitoring/history: a page, the newest first. */
export async function listHistory(
  { kind, state, outcome, filter, fromMs, toMs }: HistoryFilter,
  before: string | undefined,
  signal?: AbortSignal,
): Promise<HistoryPage> {
  const params = {
    limit: "200",
    ...(kind !== undefined && { kind }),
    ...(state !== undefined && { state }),
    ...(outcome !== undefined && { outcome }),
    ...(filter !== undefined && filter !== "" && { filter }),
    ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }),
    ...(toMs !== undefined && { to: new Date(toMs).toISOString() }),
    ...(before !== undefined && { before }),
  };
  const path = "/api/v1/monitoring/history";
  const { entries, next, bounds } = await fetchJson({ path, params, signal }, Answer);
  return {
    rows: entries,
    next: next ?? undefined,
    retention: bounds.retention,
    entriesMax: bounds.entriesMax,
    deleted: bounds.deleted.map(({ kind: of, until }) => ({
      kind: of,
      untilMs: Date.parse(until),
    })),
  };
}
