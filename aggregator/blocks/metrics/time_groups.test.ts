import { expect, test } from "bun:test";
import { TimeGroups } from "./time_groups.ts";

test("equal lists of times have one number, and others never the same one", () => {
  const groups = new TimeGroups();
  const number = (...offsets: number[]) =>
    groups.numberOf(Uint32Array.from([7, ...offsets, 7]), 1, offsets.length + 1);
  expect(number(0, 15, 30)).toBe(0);
  expect(number(0, 14, 30)).toBe(1);
  expect(number(0, 15, 30)).toBe(0);
  expect(number(0)).toBe(2);
  expect(number(0, 30)).toBe(3);
  expect(number(0, 14, 30)).toBe(1);
});

test("of too many that look alike by their ends, each further one is a group of its own", () => {
  const groups = new TimeGroups();
  const number = (middle: number) => groups.numberOf(Uint32Array.of(0, middle, 100), 0, 3);
  const first = Array.from({ length: 20 }, (_, i) => number(i + 1));
  expect(new Set(first).size).toBe(20);
  expect([number(1), number(8)]).toEqual([0, 7]);
  expect(number(20)).toBe(20);
});
