import { expect, test } from "bun:test";
import { planMerge } from "./plan_merge.ts";
import type { Block } from "./store.ts";

const minute = 60_000;
const limits = { enabled: true, interval: minute, blocks_max: 8, items_max: 1_000 };

/** One block a minute from minute `from` on. */
function blocks(count: number, more: Partial<Block> = {}, from = 0): Block[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${more.signal}${more.tenant}${from + i}`,
    tenant: "t",
    signal: "metrics",
    key: "",
    items: 10,
    rows: 1,
    bytes: 1,
    minMs: (from + i) * minute,
    maxMs: (from + i) * minute + 59_000,
    createdMs: 0,
    ...more,
  }));
}

test("planMerge() takes the small blocks of one closed window, and leaves an open one", () => {
  const all = blocks(15);
  expect(planMerge(all, 60 * minute, limits)).toHaveLength(15);
  expect(planMerge(all, 16 * minute, limits)).toBeUndefined();
  expect(planMerge(all.slice(0, 8), 60 * minute, limits)).toBeUndefined();
});

test("planMerge() never mixes tenants or signals", () => {
  const mixed = [...blocks(6), ...blocks(6, { tenant: "u" }), ...blocks(6, { signal: "logs" })];
  expect(planMerge(mixed, 60 * minute, limits)).toBeUndefined();
});

test("planMerge() goes on in larger windows until a day is one block", () => {
  const nowMs = 25 * 60 * minute;
  const roomy = { ...limits, items_max: 10_000 };
  let all = blocks(24 * 60, { items: 1 });
  let merges = 0;
  for (;;) {
    const inputs = planMerge(all, nowMs, roomy);
    if (inputs === undefined) break;
    const items = inputs.reduce((sum, block) => sum + block.items, 0);
    const minMs = Math.min(...inputs.map((block) => block.minMs));
    const maxMs = Math.max(...inputs.map((block) => block.maxMs));
    const gone = new Set(inputs);
    merges += 1;
    all = all.filter((block) => !gone.has(block));
    all.push(...blocks(1, { id: `merged ${merges}`, items, minMs, maxMs }));
  }
  expect(all.map(({ items }) => items)).toEqual([24 * 60]);
  expect(merges).toBe(96 + 12 + 1);
});

test("planMerge() does not write a large block again for one late little one", () => {
  const late = [...blocks(1, { items: 400 }), ...blocks(1, { items: 1 }, 5)];
  expect(planMerge(late, 48 * 60 * minute, limits)).toBeUndefined();
});

test("planMerge() leaves full blocks alone", () => {
  expect(planMerge(blocks(15, { items: 600 }), 60 * minute, limits)).toBeUndefined();
});

test("planMerge() bounds what one merge holds", () => {
  const inputs = planMerge(blocks(15, { items: 90 }), 60 * minute, limits);
  expect(inputs).toHaveLength(11);
});

test("planMerge() takes no more blocks of logs than have room in memory, a row group each", () => {
  expect(merged("logs", 60_000)).toHaveLength(8);
  expect(merged("logs", 1_000)).toHaveLength(15);
  expect(merged("metrics", 60_000)).toHaveLength(15);
});

function merged(signal: Block["signal"], rows: number) {
  const all = blocks(15, { signal, items: 60_000, rows });
  return planMerge(all, 300 * minute, { ...limits, items_max: 2_000_000 });
}
