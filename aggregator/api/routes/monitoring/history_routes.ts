import { type Context, Hono } from "hono";
import { assertNever } from "#shared/assert.ts";
import { formatDuration } from "#shared/text/duration.ts";
import type { Alertmanager } from "#aggregator/notify/alertmanager.ts";
import { type HistoryEntry, historyPage } from "#aggregator/notify/history/history_page.ts";
import { matchesAll } from "#aggregator/notify/routing/matcher.ts";
import { parseMatchers } from "#aggregator/notify/routing/parse_matchers.ts";
import { jsonAnswers } from "./alert_routes.ts";
import { checkedParams } from "./checked_params.ts";
import { type HistoryAnswer, HistoryParams } from "./history_schemas.ts";
import { notificationJson, placeOf } from "./notification_routes.ts";
import { refusal } from "./routes.ts";
import { timeMsOf } from "./schemas.ts";

type Parts = { readonly alertmanager: Pick<Alertmanager, "history" | "state"> };

/** GET /api/v1/monitoring/history: changes of alerts, and notifications. */
export function historyRoutes(parts: Parts): Hono {
  const app = new Hono();
  jsonAnswers(app, refusal)("GET", "/api/v1/monitoring/history", (c) => historyAnswer(c, parts));
  return app;
}

async function historyAnswer(
  c: Context,
  { alertmanager: { history, state: notifications } }: Parts,
): Promise<HistoryAnswer> {
  const { kind, state, outcome, filter, from, to, limit, before } = checkedParams(c, HistoryParams);
  const matchers = filter.trim() === "" ? [] : parseMatchers(filter);
  const named = matchers.find(({ name, operator }) => name === "alertname" && operator === "=");
  const { entries, next } = await historyPage(
    {
      changes: (query) => history.changes(query),
      notifications: (rows, query) => notifications.history(rows, query),
    },
    {
      kinds: kindsOf({ kind, state, outcome }),
      state,
      outcome,
      name: named?.value,
      matches: (labels) => matchesAll(matchers, labels),
      startMs: timeMsOf(from ?? "") ?? 0,
      endMs: timeMsOf(to ?? "") ?? Number.MAX_SAFE_INTEGER,
      limit: Number(limit),
      before: before === undefined ? undefined : placeOf(before),
    },
  );
  const { retentionMs, rowsMax, deletions } = await history.bounds();
  return {
    entries: entries.map(entryJson),
    next: next === undefined ? null : `${next.ms}:${next.id}`,
    bounds: {
      retention: formatDuration(retentionMs),
      entriesMax: rowsMax,
      deleted: deletions.map(({ kind: of, untilMs, deleted }) => ({
        kind: of,
        until: timeText(untilMs),
        entries: deleted,
      })),
    },
  };
}

type Asked = {
  readonly kind: HistoryEntry["kind"] | undefined;
  readonly state: string | undefined;
  readonly outcome: string | undefined;
};

function kindsOf({ kind, state, outcome }: Asked): readonly HistoryEntry["kind"][] {
  if (kind !== undefined) return [kind];
  if (state !== undefined) return ["change"];
  return outcome === undefined ? ["change", "notification"] : ["notification"];
}

function entryJson(entry: HistoryEntry): HistoryAnswer["entries"][number] {
  switch (entry.kind) {
    case "change": {
      const { id, atMs, state, labels, value, group } = entry.change;
      return {
        kind: "change",
        id,
        at: timeText(atMs),
        state,
        labels,
        value: value === undefined ? null : String(value),
        rule: group === undefined ? null : { file: group.file, group: group.name },
      };
    }
    case "notification":
      return { kind: "notification", ...notificationJson(entry.sent) };
    default:
      return assertNever(entry);
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
