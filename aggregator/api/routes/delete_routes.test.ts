import { expect, test } from "bun:test";
import { storedSignals } from "../../blocks/signals/stored_signals.ts";
import type { DeletionRequest } from "../../read/removals.ts";
import type { Deletion } from "../../read/store.ts";
import { deleteRoutes } from "./delete_routes.ts";

const asked: [Deletion, string][] = [];
const waiting: DeletionRequest = {
  id: "one",
  signal: "metrics",
  tenant: "t",
  query: "up",
  startMs: Number.MIN_SAFE_INTEGER,
  endMs: 9_500,
  createdMs: 20_000,
  actor: "ann",
  status: "received",
  removed: 0,
};
const cancelled: string[] = [];
const app = deleteRoutes({
  tenant: () => "t",
  list: async () => [
    waiting,
    {
      ...waiting,
      id: "two",
      signal: "logs",
      status: "started",
      removed: 7,
      fault: "no such stage",
    },
  ],
  cancel: async (id) => {
    cancelled.push(id);
    return id === "one";
  },
  signals: storedSignals(),
  delete: async (...given) => {
    asked.push(given);
    return 3;
  },
});
const call = async (signal: string, parameters: Record<string, string>) => {
  const query = new URLSearchParams(parameters).toString();
  const answer = await app.request(`/api/v1/admin/delete/${signal}?${query}`, { method: "POST" });
  return { status: answer.status, text: await answer.text() };
};

test("a request for samples takes selectors, and times as in Prometheus", async () => {
  const times = "start=10&end=1970-01-01T00:00:20Z";
  const answer = await app.request(
    `/api/v1/admin/delete/metrics?query=up&query={job="a"}&${times}`,
    { method: "PUT" },
  );
  expect(await answer.json()).toEqual({ status: "success", data: { blocks: 3 } });
  const selectors = [
    [{ name: "__name__", op: "=" as const, value: "up" }],
    [{ name: "job", op: "=" as const, value: "a" }],
  ];
  const span = { startMs: 10_000, endMs: 20_000 };
  expect(asked.at(-1)).toEqual([
    { signal: "metrics", tenant: "t", ...span, selectors, query: 'up or {job="a"}' },
    "anonymous",
  ]);
});

test("a request for log records takes one log query, and is listed by it", async () => {
  const query = '{app="x"} |= "a" | json | user="b"';
  expect((await call("logs", { query })).status).toBe(200);
  expect(asked.at(-1)?.[0]).toMatchObject({
    signal: "logs",
    query,
    logql: query,
    selectors: [[{ name: "app", op: "=", value: "x" }]],
    lineFilters: [{ op: "|=", values: ["a"] }],
    startMs: Number.MIN_SAFE_INTEGER,
    endMs: Number.MAX_SAFE_INTEGER,
  });
});

test("requests of all signals are listed, an open end left out", async () => {
  const answer = await app.request("/api/v1/admin/delete");
  const one = { id: "one", signal: "metrics", query: "up", end: 9.5, created: 20, actor: "ann" };
  expect(await answer.json()).toEqual({
    status: "success",
    data: [
      { ...one, status: "received", removed_items: 0 },
      {
        ...one,
        id: "two",
        signal: "logs",
        status: "started",
        removed_items: 7,
        error: "no such stage",
      },
    ],
  });
});

const take = async (of: string) => {
  const answer = await app.request(`/api/v1/admin/delete/${of}`, { method: "DELETE" });
  return [answer.status, await answer.text()] as const;
};

test("a request is taken back by signal and id, and refused once it has started", async () => {
  expect(await take("metrics/one")).toEqual([204, ""]);
  expect(await take("logs/one")).toEqual([404, expect.stringContaining("no request")]);
  expect(await take("metrics/three")).toEqual([404, expect.stringContaining("no request")]);
  expect(await take("logs/two")).toEqual([400, expect.stringContaining("can't be taken back")]);
  expect(cancelled).toEqual(["one", "two"]);
});

test("what can't be read, or would be everything, is refused", async () => {
  const before = asked.length;
  const refused = [
    ["metrics", {}, "expected selectors of series"],
    ["metrics", { query: '{job=~".*"}' }, "expected selectors of series"],
    ["metrics", { query: "{" }, "parse error"],
    ["logs", {}, "0 queries: expected one log query"],
    ["logs", { query: 'rate({a="b"}[1m])' }, "expected a log query"],
    ["metrics", { query: "up", start: "20", end: "10" }, "end timestamp must not be before start"],
    ["metrics", { query: "up", start: "soon" }, "cannot parse"],
  ] as const;
  for (const [signal, parameters, reason] of refused) {
    const { status, text } = await call(signal, parameters);
    expect([status, text]).toEqual([400, expect.stringContaining(reason)]);
  }
  expect((await call("spans", { query: "x" })).status).toBe(404);
  expect(asked).toHaveLength(before);
});
