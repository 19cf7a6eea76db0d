import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { QueryQueue } from "./query_queue.ts";

/** A query that runs until it is told to end. */
function held(
  queue: QueryQueue,
  tenant: string,
  options: { waitMs?: number; signal?: AbortSignal } = {},
) {
  const ended = Promise.withResolvers<void>();
  const state = { began: false, failure: "", end: () => ended.resolve() };
  const done = queue
    .run(tenant, options.waitMs ?? 10_000, options.signal, () => {
      state.began = true;
      return ended.promise;
    })
    .catch((error: unknown) => {
      state.failure = `${error instanceof PromqlError ? error.errorType : ""}: ${messageOf(error)}`;
    });
  return { state, done };
}

test("queries of a tenant beyond the limit wait in the order they came, and nobody else's do", async () => {
  const queue = new QueryQueue(2, 10);
  const [first, second, third, fourth] = [1, 2, 3, 4].map(() => held(queue, "a"));
  const other = held(queue, "b");
  expect([first, second, third, fourth, other].map((one) => one?.state.began)).toEqual([
    true,
    true,
    false,
    false,
    true,
  ]);
  expect(queue.load("a")).toEqual({ running: 2, waiting: 2 });
  second?.state.end();
  await second?.done;
  await Promise.resolve();
  expect([third?.state.began, fourth?.state.began]).toEqual([true, false]);
  for (const one of [first, third, fourth, other]) one?.state.end();
  for (const one of [first, third, fourth, other]) await one?.done;
  expect(fourth?.state.began).toBe(true);
  expect(queue.load("a")).toEqual({ running: 0, waiting: 0 });
});

test("who waits too long, or whose client goes, is told so in Prometheus's words and never runs", async () => {
  const queue = new QueryQueue(1, 2);
  const running = held(queue, "a");
  const late = held(queue, "a", { waitMs: 5 });
  const client = new AbortController();
  const left = held(queue, "a", { signal: client.signal });
  const refused = held(queue, "a");
  await refused.done;
  expect(refused.state.failure).toBe("timeout: 2 queries wait already in query queue");
  client.abort();
  await Promise.all([late.done, left.done]);
  expect(late.state.failure).toBe("timeout: query timed out in query queue");
  expect(left.state.failure).toBe("canceled: query was canceled in query queue");
  expect([late.state.began, left.state.began]).toEqual([false, false]);
  expect(queue.load("a")).toEqual({ running: 1, waiting: 0 });
  running.state.end();
  await running.done;
  expect(queue.load("a")).toEqual({ running: 0, waiting: 0 });
});

test("a query that fails gives its place on", async () => {
  const queue = new QueryQueue(1, 2);
  const failing = queue.run("a", 1_000, undefined, () => Promise.reject(new Error("no")));
  const next = held(queue, "a");
  expect(await failing.catch((error: unknown) => messageOf(error))).toBe("no");
  await Promise.resolve();
  expect(next.state.began).toBe(true);
  next.state.end();
  await next.done;
});
