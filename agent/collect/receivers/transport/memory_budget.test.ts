import { expect, test } from "bun:test";
import { Churn } from "#shared/runtime/process/churn.ts";
import { MemoryBudget } from "./memory_budget.ts";

const mebibyte = 1024 ** 2;

test("MemoryBudget refuses what would pass the limit, until something is given back", () => {
  const memory = new MemoryBudget(100);
  memory.take(60);
  expect(() => memory.take(41)).toThrow("requests hold 60 bytes, and 41 more");
  memory.giveBack(60);
  memory.take(100);
  expect(memory.bytes).toBe(100);
});

test("MemoryBudget looks for garbage after every 64 MiB given back, once a second at most", () => {
  let [nowMs, collections] = [0, 0];
  const collect = (): void => void collections++;
  const churn = new Churn({ collect, monotonic: () => nowMs });
  const memory = new MemoryBudget(256 * mebibyte, churn);
  const request = (bytes: number): void => {
    memory.take(bytes);
    memory.giveBack(bytes);
  };
  request(63 * mebibyte);
  expect(collections).toBe(0);
  request(mebibyte);
  expect(collections).toBe(1);
  request(200 * mebibyte);
  nowMs += 999;
  request(mebibyte);
  expect(collections).toBe(1);
  nowMs += 1;
  request(mebibyte);
  expect(collections).toBe(2);
});
