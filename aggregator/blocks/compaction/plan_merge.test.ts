import { expect, test } from "bun:test";
import { StoreConfig } from "../config.ts";
import { planMerge } from "./plan_merge.ts";
import type { Block } from "../../read/store.ts";

const minute = 60_000;
const limits = {
  enabled: true,
  interval: minute,
  blocks_max: 8,
  items_max: 1_000,
  samples_max: 1_000,
};

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
  const roomy = { ...limits, samples_max: 10_000 };
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
  return planMerge(all, 300 * minute, { ...limits, items_max: 2_000_000, samples_max: 2_000_000 });
}

const hour = 60 * minute;
type Written = Block & { readonly writes: number };

/** What a day of flushes leaves, with a round of merges each minute, and how often a sample was written at most. */
function dayOf(series: number, flushMs: number) {
  const config = StoreConfig.parse({}).compaction;
  let all: Written[] = [];
  let id = 0;
  for (let nowMs = flushMs; nowMs <= 25 * hour; nowMs += flushMs) {
    if (nowMs <= 24 * hour) {
      const items = (series * flushMs) / 15_000;
      const [block] = blocks(1, { id: `${id++}`, items, rows: series, bytes: items / 2 });
      if (block === undefined) throw new Error("no block");
      // A flush begins a little off the hour, as it does where nothing is aligned.
      const span = { minMs: nowMs - flushMs + 7_000, maxMs: nowMs - 8_000 + 7_000 };
      all.push({ ...block, ...span, createdMs: nowMs, writes: 1 });
    }
    for (;;) {
      const inputs = planMerge(all, nowMs, config);
      if (inputs === undefined) break;
      const gone = new Set<Block>(inputs);
      const some = all.filter((block) => gone.has(block));
      const items = some.reduce((sum, block) => sum + block.items, 0);
      expect(items).toBeLessThanOrEqual(config.samples_max);
      const [first] = some;
      if (first === undefined) throw new Error("an empty merge");
      const minMs = Math.min(...some.map((block) => block.minMs));
      const maxMs = Math.max(...some.map((block) => block.maxMs));
      const rows = series * Math.ceil(items / series / 1_000);
      const writes = Math.max(...some.map((block) => block.writes)) + 1;
      all = all.filter((block) => !gone.has(block));
      all.push({ ...first, id: `${id++}`, items, rows, minMs, maxMs, writes });
    }
  }
  return { blocks: all.length, writes: Math.max(...all.map(({ writes }) => writes)) };
}

test.each([
  [5_070, 2 * minute, 2],
  [5_070, 15 * minute, 2],
  [101_400, 2 * minute, 8],
  [101_400, 15 * minute, 8],
  [400_000, 15 * minute, 30],
])("a day of %d series, flushed each %d ms, is written three times", (series, flushMs, most) => {
  const { blocks: left, writes } = dayOf(series, flushMs);
  expect(left).toBeLessThanOrEqual(most);
  expect(writes).toBeLessThanOrEqual(3);
});

test("planMerge() merges many late blocks, and leaves the large one beside them", () => {
  const late = [...blocks(1, { items: 400 }), ...blocks(9, { items: 1 }, 5)];
  const inputs = planMerge(late, 48 * hour, limits) ?? [];
  expect(inputs.map(({ items }) => items)).toEqual(Array.from({ length: 9 }, () => 1));
});

test("planMerge() waits for a flush each quarter of an hour before it merges two hours", () => {
  const flushed = blocks(8, { items: 10 }).map((block, i) => ({
    ...block,
    minMs: i * 15 * minute,
    maxMs: (i + 1) * 15 * minute - 1,
  }));
  expect(planMerge(flushed, 2 * hour + 19 * minute, limits)).toBeUndefined();
  expect(planMerge(flushed, 2 * hour + 20 * minute, limits)).toHaveLength(8);
});

test("planMerge() streams no block of another form, and keeps to the bounds of those", () => {
  const other = blocks(15, { items: 90 });
  const roomy = { ...limits, samples_max: 10_000 };
  expect(planMerge(other, hour, roomy)).toHaveLength(15);
  expect(planMerge(other, hour, roomy, () => false)).toHaveLength(11);
  const odd = new Set(other.filter((_, i) => i % 2 === 1));
  const mixed = planMerge(other.slice(0, 12), 48 * hour, roomy, (block) => odd.has(block)) ?? [];
  expect(mixed.map((block) => odd.has(block))).toEqual(Array.from({ length: 6 }, () => true));
});
