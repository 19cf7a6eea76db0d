import { expect, test } from "bun:test";
import type { DeletionRequest } from "../../../read/removals.ts";
import type { Deletion } from "../../../read/store.ts";
import { deleteLogsRoutes } from "./delete_routes.ts";

const asked: [Deletion, string][] = [];
const processed: DeletionRequest = {
  id: "one",
  signal: "logs",
  tenant: "t",
  query: '{app="x"}',
  startMs: 1_500,
  endMs: 9_000,
  createdMs: 20_000,
  actor: "anonymous",
  status: "processed",
  removed: 7,
};
const app = deleteLogsRoutes({
  tenant: () => "t",
  now: () => 100_000,
  delete: async (...given) => asked.push(given),
  cancel: async (id) => id !== "one",
  list: async () => [
    processed,
    { ...processed, id: "of series", signal: "metrics" },
    { ...processed, id: "two", status: "started", fault: "no LogQL any more" },
  ],
});
const path = "/loki/api/v1/delete";
const call = async (method: string, query: string, headers: Record<string, string> = {}) => {
  const response = await app.request(`${path}?${query}`, { method, headers });
  return { status: response.status, text: await response.text() };
};

test("a request becomes a deletion of streams and lines, and is answered by 204", async () => {
  const query = '{app="x"} |= "a" or "b" !~ "c+"';
  const form = new URLSearchParams({ query, start: "10", end: "1970-01-01T00:00:20Z" });
  expect(await call("POST", form.toString())).toEqual({ status: 204, text: "" });
  const lineFilters = [
    { op: "|=" as const, values: ["a", "b"] },
    { op: "!~" as const, values: ["c+"] },
  ];
  const selectors = [[{ name: "app", op: "=" as const, value: "x" }]];
  const deletion: Deletion = {
    signal: "logs",
    tenant: "t",
    startMs: 10_000,
    endMs: 20_000,
    query,
    selectors,
    lineFilters,
  };
  expect(asked.at(-1)).toEqual([deletion, "anonymous"]);
  const response = await app.request(path, {
    method: "POST",
    body: new URLSearchParams({ query: '{app="x"}', start: "10" }),
  });
  expect(response.status).toBe(204);
  expect(asked.at(-1)?.[0]).toMatchObject({ startMs: 10_000, endMs: 100_000, lineFilters: [] });
});

test("requests are listed with times in seconds, and taken back while they wait", async () => {
  const listed: unknown = JSON.parse((await call("GET", "")).text);
  expect(listed).toHaveLength(2);
  expect(listed).toMatchObject([
    {
      request_id: "one",
      start_time: 1.5,
      end_time: 9,
      query: '{app="x"}',
      status: "processed",
      created_at: 20,
      removed_records: 7,
    },
    { request_id: "two", status: "received", error: "no LogQL any more" },
  ]);
  expect(await call("DELETE", "request_id=two")).toEqual({ status: 204, text: "" });
  expect(await call("DELETE", "request_id=one")).toMatchObject({ status: 400 });
  expect(await call("DELETE", "request_id=three")).toMatchObject({ status: 404 });
});

test("a bad request is refused in plain text, and deletes nothing", async () => {
  const before = asked.length;
  const q = encodeURIComponent;
  const cases = [
    ["start=1", "query not set"],
    [`query=${q('{app="x"}')}`, "start time not set"],
    [`query=${q('{app="x"}')}&start=x`, "start"],
    [`query=${q('{app="x"}')}&start=9&end=8`, "start time can't be greater than end time"],
    [`query=${q('{app="x"}')}&start=9&end=1000`, "deletes in the future are not allowed"],
    [`query=${q('{app="x"')}&start=9`, "parse error"],
    [`query=${q('count_over_time({app="x"}[5m])')}&start=9`, "expected a log query"],
    [`query=${q('{app="x"} | json | line_format "{{"')}&start=9`, ""],
    [`query=${q('{app="x"} | regexp "("')}&start=9`, ""],
  ] as const;
  for (const [query, message] of cases) {
    const { status, text } = await call("POST", query);
    expect([status, text]).toEqual([400, expect.stringContaining(message)]);
  }
  expect(asked).toHaveLength(before);
});
