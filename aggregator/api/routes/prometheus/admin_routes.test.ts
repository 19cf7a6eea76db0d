import { expect, test } from "bun:test";
import type { Deletion } from "#aggregator/read/store.ts";
import { OperatingError } from "#shared/errors.ts";
import { adminRoutes } from "./admin_routes.ts";

const deleted: { deletion: Deletion; actor: string }[] = [];
let cleaned = 0;
let failure: OperatingError | undefined;
const app = adminRoutes({
  tenant: () => "default",
  delete: (deletion, actor) => {
    if (failure !== undefined) return Promise.reject(failure);
    deleted.push({ deletion, actor });
    return Promise.resolve();
  },
  snapshot: (skipHead) => Promise.resolve(`snapshot-${skipHead}`),
  cleanTombstones: () => {
    cleaned += 1;
    return Promise.resolve();
  },
});
const base = "http://localhost:7600/api/v1/admin/tsdb";

async function ask(path: string, init: RequestInit = {}): Promise<[number, string]> {
  const response = await app.request(`${base}${path}`, { method: "POST", ...init });
  return [response.status, await response.text()];
}

test("delete_series answers 204 with nothing, and hands matchers and times over", async () => {
  const query = "match[]=up&match[]=%7Bjob%3D%22a%22%7D&start=1.5&end=1970-01-01T00:00:09Z";
  expect(await ask(`/delete_series?${query}`)).toEqual([204, ""]);
  expect(deleted.pop()).toEqual({
    actor: "anonymous",
    deletion: {
      signal: "metrics",
      tenant: "default",
      selectors: [
        [{ name: "__name__", op: "=", value: "up" }],
        [{ name: "job", op: "=", value: "a" }],
      ],
      query: 'up or {job="a"}',
      startMs: 1_500,
      endMs: 9_000,
    },
  });
});

test("delete_series by PUT takes a form, and all of time where none is given", async () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const init = { method: "PUT", headers, body: "match[]=up" };
  expect(await ask("/delete_series", init)).toEqual([204, ""]);
  expect(deleted.pop()?.deletion).toMatchObject({
    startMs: Number.MIN_SAFE_INTEGER,
    endMs: Number.MAX_SAFE_INTEGER,
  });
});

test.each([
  ["", "no match[] parameter provided"],
  ["?match[]=%7B%7D", "match[]"],
  ["?match[]=up%7B", "match[]"],
  ["?match[]=up&start=x", "start"],
  ["?match[]=up&start=2&end=1", "end timestamp must not be before start time"],
])("delete_series%s is 400, and deletes nothing", async (query, reason) => {
  const [status, text] = await ask(`/delete_series${query}`);
  expect(status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({ status: "error", errorType: "bad_data" });
  expect(text).toContain(reason);
  expect(deleted).toEqual([]);
});

test("GET is no way to delete", async () => {
  expect((await ask("/delete_series?match[]=up", { method: "GET" }))[0]).toBe(404);
});

test("clean_tombstones answers 204 when it is done", async () => {
  expect(await ask("/clean_tombstones")).toEqual([204, ""]);
  expect(cleaned).toBe(1);
});

test("a store that is away is told as Prometheus tells it", async () => {
  failure = new OperatingError("unavailable", "no bucket");
  const [status, text] = await ask("/delete_series?match[]=up");
  expect([status, JSON.parse(text)]).toEqual([
    500,
    { status: "error", errorType: "unavailable", error: "no bucket" },
  ]);
  failure = undefined;
});

const named = (name: string): string => `{"status":"success","data":{"name":"${name}"}}`;

test("snapshot gives its name, and takes what is in memory unless told otherwise", async () => {
  expect(await ask("/snapshot")).toEqual([200, named("snapshot-false")]);
  expect(await ask("/snapshot?skip_head=true", { method: "PUT" })).toEqual([
    200,
    named("snapshot-true"),
  ]);
  const [status, text] = await ask("/snapshot?skip_head=perhaps");
  expect(status).toBe(400);
  expect(text).toContain('invalid parameter \\"skip_head\\": unable to parse boolean');
});
