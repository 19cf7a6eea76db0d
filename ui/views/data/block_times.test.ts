import { expect, test } from "bun:test";
import { blockLanes } from "./block_times.ts";

const block = (minMs: number, maxMs: number, more: object = {}) => ({
  id: `${minMs}`,
  tenant: "default",
  signal: "metrics",
  key: "",
  bucketMs: 0,
  bytes: 1,
  rows: 1,
  items: 1,
  minMs,
  maxMs,
  createdMs: 0,
  exemplars: 0,
  ...more,
});
const window = { startMs: 0, endMs: 2_400 };

test("blockLanes() counts how many blocks lie over each other, and leaves gaps open", () => {
  const [lane] = blockLanes([block(0, 599), block(300, 599), block(1_200, 9_999)], window);
  expect(lane?.bars).toEqual([
    { left: 0, width: 30 / 240, count: 1 },
    { left: 30 / 240, width: 30 / 240, count: 2 },
    { left: 0.5, width: 0.5, count: 1 },
  ]);
});

test("blockLanes() has a lane for each signal and resolution, none for blocks outside", () => {
  const tier = block(0, 9, { bucketMs: 300_000 });
  const outside = block(-90, -10, { signal: "logs" });
  expect(blockLanes([tier, block(0, 9), outside], window).map(({ name }) => name)).toEqual([
    "metrics",
    "metrics, 300 s",
  ]);
});
