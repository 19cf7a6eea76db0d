import { expect, test } from "bun:test";
import { storedSignals } from "../../blocks/signals/stored_signals.ts";
import type { Deletion } from "../../read/store.ts";
import { deleteRoutes } from "./delete_routes.ts";

const asked: [Deletion, string][] = [];
const app = deleteRoutes({
  tenant: () => "t",
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
    { signal: "metrics", tenant: "t", ...span, selectors },
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
