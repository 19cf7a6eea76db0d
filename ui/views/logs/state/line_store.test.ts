import { expect, test } from "bun:test";
import type { LogRow, RowsRequest } from "../../../client/logs.ts";
import { LineStore, type LineStoreSetup } from "./line_store.ts";

/** A store of lines as the aggregator answers them; several share a nanosecond. */
function world(count: number, perNs: number) {
  const all = Array.from({ length: count }, (_, i): LogRow => ({
    ns: String(1_000_000_000_000n + BigInt(Math.floor(i / perNs))),
    timeMs: 1_000_000,
    stream: { s: String(i % 2) },
    metadata: {},
    parsed: {},
    text: `line ${i}`,
    level: "info",
  }));
  let requests = 0;
  const fetch = async ({ startNs, endNs, limit, direction }: Omit<RowsRequest, "query">) => {
    requests++;
    const found = all.filter(({ ns }) => BigInt(ns) >= startNs && BigInt(ns) < endNs);
    const rows = (direction === "forward" ? found : found.toReversed()).slice(0, limit);
    return { rows, stats: { seconds: 1, lines: 1, bytes: 1 } };
  };
  const setup: LineStoreSetup = {
    fetch,
    startNs: 0n,
    endNs: 2_000_000_000_000n,
    order: "newest",
    dedup: "none",
    pageLines: 10,
    heldMax: 30,
  };
  return { all, setup, requests: () => requests };
}

const textsOf = (store: LineStore) =>
  store.pages.flatMap(({ rows }) => (rows ?? []).map(({ row }) => row.text));

test("pages follow each other without a gap or a line twice, however many share a nanosecond", async () => {
  for (const perNs of [1, 3, 10, 25])
    for (const order of ["newest", "oldest"] as const) {
      const { all, setup } = world(100, perNs);
      const store = new LineStore({ ...setup, order, heldMax: 9_999 });
      while (store.hasAfter) await store.loadAfter();
      const expected = all.map(({ text }) => text);
      expect(textsOf(store)).toEqual(order === "newest" ? expected.toReversed() : expected);
      expect(store.isComplete).toBe(true);
    }
});

test("repeats that are not shown are counted once, also where they end a page or one that was dropped", async () => {
  for (const perNs of [1, 3, 25]) {
    const { setup } = world(100, perNs);
    const store = new LineStore({ ...setup, dedup: "numbers", heldMax: 1 });
    while (store.hasAfter) {
      await store.loadAfter();
      store.keepAround(0, 0);
    }
    expect(store.lines).toBe(100);
    expect(store.count).toBe(store.pages.length);
  }
});

test("from a line in the middle the list grows both ways", async () => {
  const { all, setup } = world(100, 3);
  const store = new LineStore({ ...setup, anchorNs: 1_000_000_000_015n, heldMax: 9_999 });
  await store.loadAfter();
  await store.loadBefore();
  expect(store.pages[1]?.rows?.[0]?.row.ns).toBe("1000000000015");
  while (store.hasAfter) await store.loadAfter();
  while (store.hasBefore) await store.loadBefore();
  expect(textsOf(store)).toEqual(all.map(({ text }) => text).toReversed());
});

test("lines far from what is seen are dropped, their place stays, and they come back the same", async () => {
  const { setup } = world(100, 3);
  const store = new LineStore(setup);
  while (store.hasAfter) {
    await store.loadAfter();
    store.keepAround(store.pages.length - 1, store.pages.length - 1);
  }
  expect(store.pages.filter(({ rows }) => rows !== undefined)).toHaveLength(3);
  expect(store.count).toBe(100);
  const [first] = store.pages;
  if (first === undefined) throw new Error("no page");
  await store.restore(first);
  expect(first.rows?.map(({ row }) => row.text)).toEqual(
    Array.from({ length: 10 }, (_, i) => `line ${99 - i}`),
  );
});

test("a range that goes on brings newer lines to the top", async () => {
  const { all, setup } = world(30, 1);
  const store = new LineStore({ ...setup, endNs: 1_000_000_000_020n });
  await store.loadAfter();
  expect(textsOf(store)[0]).toBe("line 19");
  store.extend(1_000_000_000_040n);
  await store.loadBefore();
  expect(textsOf(store)[0]).toBe(all.at(-1)?.text ?? "");
});

test("a request that fails is told and tried again; one at a time", async () => {
  const { setup, requests } = world(30, 1);
  let failing = true;
  const store = new LineStore({
    ...setup,
    fetch: async (r) => (failing ? Promise.reject(new Error("away")) : setup.fetch(r)),
  });
  await store.loadAfter();
  expect(store.failure).toEqual(new Error("away"));
  failing = false;
  await Promise.all([store.loadAfter(), store.loadAfter()]);
  expect([store.failure, store.count, requests()]).toEqual([undefined, 10, 1]);
});
