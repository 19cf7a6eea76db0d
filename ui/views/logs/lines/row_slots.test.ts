import { expect, test } from "bun:test";
import { RowSlots } from "./row_slots.ts";

test("rows that stay keep their element, and those below them take what is free, in order", () => {
  const slots = new RowSlots();
  expect(slots.assign(["a", "b", "c", "d"])).toEqual([0, 1, 2, 3]);
  expect(slots.assign(["c", "d", "e", "f"])).toEqual([2, 3, 0, 1]);
  // All at once: as they stood.
  expect(slots.assign(["m", "n", "o", "p"])).toEqual([2, 3, 0, 1]);
});

test("rows before those that stay get elements of their own, and no two rows one", () => {
  const slots = new RowSlots();
  slots.assign(["c", "d", "e"]);
  expect(slots.assign(["a", "b", "c"])).toEqual([3, 4, 0]);
  const rows = Array.from({ length: 40 }, (_, i) => String(i));
  for (const [from, to] of [
    [0, 10],
    [5, 18],
    [2, 9],
    [30, 40],
    [0, 40],
  ] as const) {
    const given = slots.assign(rows.slice(from, to));
    expect(new Set(given).size).toBe(to - from);
  }
});
