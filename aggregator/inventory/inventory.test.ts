import { expect, test } from "bun:test";
import { StoreConfig } from "../blocks/config.ts";
import type { Block } from "../read/store.ts";
import { blockPage } from "./block_pages.ts";
import { countSeries, newSeries, selectedSeries } from "./cardinality.ts";
import { storageShares } from "./storage.ts";

const hourMs = 3_600_000;
const idOf = (i: number) => `00000000-0000-7000-8000-${String(i).padStart(12, "0")}`;

function block(i: number, more: Partial<Block> = {}): Block {
  const at = { minMs: i * 1_000, maxMs: i * 1_000 + 500, createdMs: i * 1_000 };
  const size = { items: 100, rows: 10, bytes: 50 };
  return { id: idOf(i), tenant: "t", signal: "metrics", key: `k${i}`, ...size, ...at, ...more };
}

test("storageShares() sums by signal and tier, with what is kept and what waits for a merge", () => {
  const blocks = [
    ...Array.from({ length: 12 }, (_, i) => block(i)),
    block(20, { bucketMs: 60_000 }),
    block(30, { signal: "logs" }),
    block(31, { tenant: "another" }),
  ];
  expect(storageShares(blocks, "t", StoreConfig.parse({}), 5 * hourMs)).toMatchObject([
    { signal: "metrics", bucketMs: 0, blocks: 12, bytes: 600, items: 1_200, waitingBlocks: 12 },
    { signal: "metrics", bucketMs: 60_000, blocks: 1, retentionMs: 7 * 24 * hourMs },
    { signal: "logs", bucketMs: 0, blocks: 1, retentionMs: 30 * 24 * hourMs, waitingBlocks: 0 },
  ]);
});

test("blockPage() gives all blocks once, the newest first, also when one goes meanwhile", () => {
  const blocks = Array.from({ length: 7 }, (_, i) => block(i));
  const search = { tenant: "t", signal: "", startMs: 0, endMs: 1e9, page: "", limit: 3 };
  const first = blockPage(blocks, search);
  expect([first.blocks.map(({ key }) => key), first.total]).toEqual([["k6", "k5", "k4"], 7]);
  const left = blocks.filter(({ key }) => key !== "k4");
  const second = blockPage(left, { ...search, page: first.nextPage });
  expect(second.blocks.map(({ key }) => key)).toEqual(["k3", "k2", "k1"]);
  const third = blockPage(left, { ...search, page: second.nextPage });
  expect([third.blocks.map(({ key }) => key), third.nextPage]).toEqual([["k0"], ""]);
  expect(blockPage(blocks, { ...search, startMs: 2_400, endMs: 3_000 }).total).toBe(2);
  expect(blockPage(blocks, { ...search, signal: "logs" }).total).toBe(0);
  expect(() => blockPage(blocks, { ...search, page: "x" })).toThrow('page is "x"');
  expect(() => blockPage(blocks, { ...search, signal: "traces" })).toThrow("expected metrics");
});

const series = [
  { __name__: "a", job: "x", id: "1" },
  { __name__: "a", job: "x", id: "2" },
  { __name__: "b", job: "y", id: "1" },
];

test("countSeries() counts metrics, labels, pairs, and the values of one label", async () => {
  expect(await countSeries(series, { label: "job", limit: 2 })).toEqual({
    series: 3,
    metrics: 2,
    labels: 2,
    metricsBySeries: [
      { name: "a", series: 2 },
      { name: "b", series: 1 },
    ],
    labelsByValues: [
      { name: "id", values: 2, series: 3 },
      { name: "job", values: 2, series: 3 },
    ],
    pairsBySeries: [
      { name: "id=1", series: 2 },
      { name: "job=x", series: 2 },
    ],
    valuesBySeries: [
      { name: "x", series: 2 },
      { name: "y", series: 1 },
    ],
    truncated: false,
  });
});

test("selectedSeries() and newSeries() tell series apart by selectors and by labels", () => {
  const job = { name: "job", op: "=~", value: "x|z" } as const;
  const metric = { name: "__name__", op: "!=", value: "a" } as const;
  expect(selectedSeries(series, [[job], [metric]])).toHaveLength(3);
  expect(selectedSeries(series, [[job, metric]])).toHaveLength(0);
  expect(newSeries(series, series.slice(0, 1))).toBe(2);
});
