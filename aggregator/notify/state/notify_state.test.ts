import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../../catalog/catalog.ts";
import type { LogEntry } from "../pipeline/notification_log.ts";
import { createMatcher } from "../routing/matcher.ts";
import type { Silence } from "../silences/silence.ts";
import { deliveryOf } from "./delivery.fixture.ts";
import { type NotificationsQuery, NotifyState } from "./notify_state.ts";

const day = 86_400_000;
const engines = [
  { engine: "SQLite", start: startSqlite, missing: false },
  { engine: "PostgreSQL", start: startPostgres, missing: postgresMissing !== undefined },
];

async function startSqlite() {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-notify-state-"));
  const stop = async () => rmSync(folder, { recursive: true });
  return { url: `sqlite://${join(folder, "catalog.db")}`, stop };
}

const key = { groupKey: '{}:{a="b"}', receiver: "r", integration: "webhook[0]" };
const entry: LogEntry = {
  ...key,
  firing: ["1"],
  resolved: [],
  notifiedMs: 1.5,
  expiresMs: 10 * day + 0.5,
  kept: { ts: "1" },
};
const silence: Silence = {
  id: "s",
  matchers: [createMatcher("a", "=~", "b|c")],
  startsAtMs: 0,
  endsAtMs: day,
  updatedAtMs: 0,
  createdBy: "me",
  comment: "with ' and \u0000",
  annotations: {},
};
const alert = {
  fingerprint: "f",
  labels: { a: "b" },
  annotations: {},
  startsAtMs: 0,
  endsAtMs: day,
  updatedAtMs: 0,
  generatorUrl: "",
  hasTimeout: true,
};

test.each(engines.filter(({ missing }) => !missing))(
  "NotifyState keeps silences, alerts, log and history in $engine",
  async ({ start }) => {
    const server = await start();
    const catalog = await Catalog.open(server.url);
    try {
      const state = new NotifyState(catalog, "default");
      expect(await state.load(0)).toEqual({
        silences: [],
        recurrences: [],
        entries: [],
        alerts: [],
      });
      await Promise.all([
        state.saveSilences([silence, { ...silence, id: "gone" }]),
        state.saveAlerts([alert, { ...alert, fingerprint: "gone" }]),
        state.begin(deliveryOf("sent", 1)),
        state.begin(deliveryOf("failed", 2)),
        state.begin(deliveryOf("given_up", 3)),
        state.begin(deliveryOf("pending", 4)),
      ]);
      const failure = { kind: "failed", reason: "serverError", error: "HTTP 503 \0" } as const;
      await Promise.all([
        state.settle(deliveryOf("sent", 1), { kind: "sent", answer: "ok", entry }, 5),
        state.settle(deliveryOf("failed", 2), { ...failure, isFinal: true }, 6),
        state.settle(deliveryOf("given_up", 3), { ...failure, isFinal: false }, 7),
        state.removeSilences(["gone"]),
        state.removeAlerts(["gone"]),
      ]);
      const again = new NotifyState(catalog, "default");
      const known = await again.load(8);
      expect(known.entries).toEqual([entry]);
      expect(known.alerts).toEqual([alert]);
      expect(JSON.stringify(known.silences)).toBe(JSON.stringify([silence]));
      expect(known.silences[0]?.matchers[0]?.test("c")).toBe(true);
      const history = await again.history(10);
      expect(
        history.map((one) => [one.id, one.state, one.failure, one.answer, one.settledMs]),
      ).toEqual([
        ["pending", "interrupted", "", "", 8],
        ["given_up", "given_up", "serverError", "HTTP 503 ", 7],
        ["failed", "failed", "serverError", "HTTP 503 ", 6],
        ["sent", "sent", "", "ok", 5],
      ]);
      expect((await new NotifyState(catalog, "other").load(9)).alerts).toEqual([]);
      const ids = async (query: NotificationsQuery) =>
        (await again.history(10, query)).map(({ id }) => id);
      expect(await ids({ startMs: 2, endMs: 4 })).toEqual(["given_up", "failed"]);
      expect(await ids({ outcome: "sent" })).toEqual(["sent"]);
      expect(await ids({ before: { ms: 2, id: "failed" } })).toEqual(["sent"]);
      await again.clean(90 * day + 3);
      expect((await again.load(11 * day)).entries).toEqual([]);
    } finally {
      await catalog.close();
      await server.stop();
    }
  },
  60_000,
);
