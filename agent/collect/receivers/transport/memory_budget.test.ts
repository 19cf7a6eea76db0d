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

test("MemoryBudget counts what is given back as garbage", () => {
  let collections = 0;
  const churn = new Churn({ collect: () => void collections++ });
  const memory = new MemoryBudget(256 * mebibyte, { churn });
  memory.take(64 * mebibyte);
  expect(collections).toBe(0);
  memory.giveBack(64 * mebibyte);
  expect(collections).toBe(1);
});

test("MemoryBudget lends a quarter while memory is short, to one request in any case", () => {
  let share = 1;
  const memory = new MemoryBudget(100, { lendable: (bytes) => bytes * share });
  memory.take(20);
  share = 1 / 4;
  memory.take(40);
  expect(() => memory.take(1)).toThrow(
    "the process holds more memory than memory_high, and requests hold 60 bytes: they may hold 25",
  );
  memory.giveBack(60);
  memory.take(80);
  expect(memory.bytes).toBe(80);
});
