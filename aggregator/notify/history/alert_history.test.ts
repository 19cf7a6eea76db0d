import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../../catalog/catalog.ts";
import { AlertHistory } from "./alert_history.ts";

const engines = [
  { engine: "SQLite", start: startSqlite, missing: false },
  { engine: "PostgreSQL", start: startPostgres, missing: postgresMissing !== undefined },
];
const group = { file: "rules.yaml", name: "hosts" };
const dayMs = 86_400_000;

async function startSqlite() {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-alert-history-"));
  const url = `sqlite://${join(folder, "catalog.db")}`;
  return { url, stop: async () => rmSync(folder, { recursive: true }) };
}

function opened(catalog: Pick<Catalog, "fenced" | "transaction">, clock: Clock = systemClock) {
  const parts = { catalog, tenant: "default", clock, log: silentLogger };
  return AlertHistory.open({ ...parts, metrics: createSelfMetrics() });
}
const everything = {
  startMs: 0,
  endMs: Number.MAX_SAFE_INTEGER,
  before: undefined,
  state: undefined,
  name: undefined,
  limit: 1_000,
};
async function texts(history: AlertHistory, query: object = {}): Promise<string[]> {
  const found = await history.changes({ ...everything, ...query });
  return found.map(({ atMs, labels, state, value }) =>
    [atMs, labels["host"], state, value].join(" "),
  );
}
/** All hosts of which an alert is in this state. */
const down = (state: "pending" | "firing" | "inactive", ...hosts: readonly string[]) => [
  {
    name: "Down",
    isSettled: true,
    alerts: hosts.map((host) => ({ labels: { alertname: "Down", host }, state, value: 3 })),
  },
];

test.each(engines.filter(({ missing }) => !missing))(
  "changes are in the catalog, survive a restart once each, and are found by time, state and name ($engine)",
  async ({ start }) => {
    const server = await start();
    const catalog = await Catalog.open(server.url);
    try {
      const first = await opened(catalog);
      await first.evaluated(group, down("pending", "a", "b"), 10);
      await first.evaluated(group, down("firing", "a", "b"), 20);
      first.received({ alertname: "Other", host: "x" }, false);
      await first.stop();
      const second = await opened(catalog);
      await second.evaluated(group, down("firing", "b"), 30);
      second.received({ alertname: "Other", host: "x" }, true);
      await second.written();
      expect(await texts(second, { endMs: 1_000 })).toEqual([
        "30 a resolved 3",
        "20 b firing 3",
        "20 a firing 3",
        "10 b pending 3",
        "10 a pending 3",
      ]);
      expect(await texts(second, { startMs: 10, endMs: 30, state: "firing", limit: 1 })).toEqual([
        "20 b firing 3",
      ]);
      const others = await second.changes({ ...everything, name: "Other" });
      expect(others.map(({ state, value, group: of }) => [state, value, of])).toEqual([
        ["resolved", undefined, undefined],
        ["firing", undefined, undefined],
      ]);
      const [newest] = await second.changes({ ...everything, endMs: 1_000, limit: 1 });
      expect(newest?.group).toEqual(group);
      const before = { ms: 30, id: newest?.id ?? "" };
      expect((await texts(second, { before })).at(0)).toBe("20 b firing 3");
      await second.stop();
    } finally {
      await catalog.close();
      await server.stop();
    }
  },
  60_000,
);

test.each(engines.filter(({ missing }) => !missing))(
  "what is too old or too much is deleted, and the limit says what is missing ($engine)",
  async ({ start }) => {
    const server = await start();
    const catalog = await Catalog.open(server.url);
    try {
      const nowMs = 100 * dayMs;
      const history = await opened(catalog, { ...systemClock, now: () => nowMs });
      history.limitBy(() => ({ retentionMs: 90 * dayMs, rowsMax: 4 }));
      const states = ["firing", "inactive"] as const;
      for (let day = 8; day < 16; day++)
        await history.evaluated(group, down(states[day % 2] ?? "firing", "a"), day * dayMs);
      await history.written();
      await history.maintain([]);
      const days = (await history.changes(everything)).map(({ atMs }) => atMs / dayMs);
      expect(days).toEqual([15, 14, 13, 12]);
      expect(await history.bounds()).toEqual({
        retentionMs: 90 * dayMs,
        rowsMax: 4,
        // Day 8 and 9 were too old.
        deletions: [{ kind: "changes", untilMs: 11 * dayMs, deleted: 2 }],
      });
      history.limitBy(() => ({ retentionMs: 88 * dayMs, rowsMax: 4 }));
      expect((await history.bounds()).deletions).toEqual([]);
      await history.stop();
    } finally {
      await catalog.close();
      await server.stop();
    }
  },
  60_000,
);

test("changes wait while the catalog is away, and are written once it is back", async () => {
  const server = await startSqlite();
  const catalog = await Catalog.open(server.url);
  const failed = Promise.withResolvers<void>();
  const back = Promise.withResolvers<void>();
  let isAway = true;
  const sleep = () => {
    failed.resolve();
    return back.promise;
  };
  try {
    const history = await opened(
      {
        transaction: (what, action) => catalog.transaction(what, action),
        fenced: (what, action) =>
          isAway ? Promise.reject(new Error("away")) : catalog.fenced(what, action),
      },
      { ...systemClock, sleep },
    );
    await history.evaluated(group, down("firing", "a"), 10);
    await failed.promise;
    await history.evaluated(group, down("inactive", "a"), 20);
    isAway = false;
    back.resolve();
    await history.written();
    expect(await texts(history)).toEqual(["20 a resolved 3", "10 a firing 3"]);
    await history.stop();
  } finally {
    await catalog.close();
    await server.stop();
  }
});

test("alerts of a group that is gone, and of servers that no longer send them, end", async () => {
  const server = await startSqlite();
  const catalog = await Catalog.open(server.url);
  try {
    const history = await opened(catalog, { ...systemClock, now: () => 50 });
    await history.evaluated(group, down("firing", "a"), 10);
    const labels = { alertname: "Other", host: "x" };
    history.received(labels, false);
    history.followGroups(() => [group]);
    await history.maintain([{ labels }]);
    await history.written();
    expect(await texts(history)).toEqual(["50 x firing ", "10 a firing 3"]);
    history.followGroups(() => []);
    await history.maintain([]);
    await history.written();
    expect((await texts(history)).toSorted()).toEqual([
      "10 a firing 3",
      "50 a resolved 3",
      "50 x firing ",
      "50 x resolved ",
    ]);
    await history.stop();
  } finally {
    await catalog.close();
    await server.stop();
  }
});
