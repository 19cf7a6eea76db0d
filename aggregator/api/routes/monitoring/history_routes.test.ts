import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { Catalog } from "../../../catalog/catalog.ts";
import { AlertmanagerKeys } from "../../../notify/config.ts";
import { openAlertmanager } from "../../../notify/open_alertmanager.ts";
import { deliveryOf } from "../../../notify/state/delivery.fixture.ts";
import { historyRoutes } from "./history_routes.ts";
import { HistoryAnswer } from "./history_schemas.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-history-api-"));
const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
const nowMs = Date.parse("2026-11-25T00:00Z");
const alertmanager = await openAlertmanager(
  { alertmanager: AlertmanagerKeys.parse({}), rules: { external_url: "" }, tenant: "default" },
  {
    clock: { ...systemClock, now: () => nowMs },
    log: silentLogger,
    metrics: createSelfMetrics(),
    catalog,
  },
);
afterAll(async () => {
  await alertmanager.stop();
  await catalog.close();
  rmSync(folder, { recursive: true });
});
const app = historyRoutes({ alertmanager });

const group = { file: "rules.yaml", name: "hosts" };
const [minuteMs, alerts] = [60_000, 250];
const labelsOf = (i: number) => ({ alertname: i % 5 === 0 ? "Full" : "Down", host: `h${i}` });
for (const [i, state] of (["pending", "firing"] as const).entries())
  await alertmanager.history.evaluated(
    group,
    ["Down", "Full"].map((name) => ({
      name,
      isSettled: true,
      alerts: Array.from({ length: alerts }, (_, j) => ({
        labels: labelsOf(j),
        state,
        value: j,
      })).filter(({ labels }) => labels.alertname === name),
    })),
    nowMs - (10 - i) * minuteMs,
  );
await alertmanager.history.written();
for (const [i, host] of ["h1", "h2"].entries()) {
  const alert = { status: "firing", labels: labelsOf(i + 1), annotations: {} } as const;
  const times = { startsAtMs: nowMs, endsAtMs: undefined, generatorUrl: "", fingerprint: host };
  const delivery = deliveryOf(`sent-${host}`, nowMs - (8 - i) * minuteMs, [{ ...alert, ...times }]);
  await alertmanager.state.begin(delivery);
}

async function ask(params: Readonly<Record<string, string>>) {
  const response = await app.request(
    `/api/v1/monitoring/history?${new URLSearchParams(params).toString()}`,
  );
  return { status: response.status, json: (await response.json()) as unknown };
}
async function entriesOf(params: Readonly<Record<string, string>>): Promise<string[]> {
  const { entries } = HistoryAnswer.parse((await ask(params)).json);
  return entries.map((entry) =>
    entry.kind === "change"
      ? `${entry.at.slice(11, 16)} ${entry.labels["host"]} ${entry.state} ${entry.value}`
      : `${entry.createdAt.slice(11, 16)} ${entry.id} ${entry.state}`,
  );
}

test("changes and notifications are one history, the newest first, and the filter takes both", async () => {
  expect(await entriesOf({ filter: 'host="h1"' })).toEqual([
    "23:52 sent-h1 pending",
    "23:51 h1 firing 1",
    "23:50 h1 pending 1",
  ]);
  expect(await entriesOf({ filter: 'alertname="Full", host=~"h[0-5]"', state: "firing" })).toEqual([
    "23:51 h5 firing 5",
    "23:51 h0 firing 0",
  ]);
  expect(await entriesOf({ outcome: "pending" })).toEqual([
    "23:53 sent-h2 pending",
    "23:52 sent-h1 pending",
  ]);
  expect(await entriesOf({ outcome: "sent" })).toEqual([]);
  expect(await entriesOf({ from: "2026-11-24T23:52:00Z", to: "2026-11-24T23:53:00Z" })).toEqual([
    "23:52 sent-h1 pending",
  ]);
});

test("pages go on where the one before has ended, each entry once", async () => {
  const seen: string[] = [];
  let before: string | null = "";
  while (before !== null) {
    const page: string | undefined = before === "" ? undefined : before;
    const { json } = await ask({ limit: "90", ...(page !== undefined && { before: page }) });
    const { entries, next } = HistoryAnswer.parse(json);
    expect(entries.length).toBeLessThanOrEqual(90);
    seen.push(...entries.map(({ id }) => id));
    before = next;
  }
  expect([seen.length, new Set(seen).size]).toEqual([2 * alerts + 2, 2 * alerts + 2]);
});

const posted = (alertname: string) => [
  { labels: { alertname }, annotations: {}, generatorUrl: "" },
];

test("alerts of other servers are in it, those of rules come from their evaluations alone", async () => {
  await alertmanager.put(posted("Foreign"));
  await alertmanager.put(posted("Foreign"));
  await alertmanager.put(posted("Own"), "rules");
  await alertmanager.history.written();
  expect(await entriesOf({ filter: 'alertname=~"Foreign|Own"' })).toEqual([
    "00:00 undefined firing null",
  ]);
});

test("an answer says the limits", async () => {
  const { bounds } = HistoryAnswer.parse((await ask({ limit: "1" })).json);
  expect(bounds).toEqual({ retention: "90d", entriesMax: 200_000, deleted: [] });
});

test.each([
  [{ state: "broken" }, 'state "broken": '],
  [{ kind: "alert" }, 'kind "alert": '],
  [{ filter: "host=~(" }, 'filter "host=~(": '],
  [{ from: "yesterday" }, 'from "yesterday": expected Unix seconds or RFC 3339'],
  [{ limit: "5000" }, 'limit "5000": '],
  [{ before: "x" }, 'before "x": expected `next` of an answer'],
  [{ state: "firing", outcome: "sent" }, "expected `state` for changes, or `outcome`"],
  [{ state: "firing", kind: "notification" }, "expected `state` for changes, or `outcome`"],
  [{ name: "x" }, 'Unrecognized key: "name"'],
])("%j is refused: %s", async (params, text) => {
  const { status, json } = await ask(params);
  const { error } = z.object({ error: z.string() }).parse(json);
  expect([status, error]).toEqual([400, expect.stringContaining(text)]);
});
