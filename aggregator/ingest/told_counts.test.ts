import { expect, test } from "bun:test";
import { newHeader } from "#proto/codec/envelope.ts";
import { isPlausible, isPlausibleHeader } from "./told_counts.ts";

const forged = [1e300, 1e302, Infinity, -1, 0.5, Number.NaN, 1e15 + 2];

test("isPlausible() takes counts, and refuses what no agent can have counted", () => {
  for (const count of [0, 1, 2 ** 40, 1e15])
    expect(isPlausible({ itemsTotal: count, drops: { relabel: count } })).toBe(true);
  for (const count of forged) {
    expect([count, isPlausible({ itemsTotal: count, drops: {} })]).toEqual([count, false]);
    expect([count, isPlausible({ itemsTotal: 1, drops: { relabel: count } })]).toEqual([
      count,
      false,
    ]);
  }
});

test("isPlausibleHeader() looks at positions, too", () => {
  expect(isPlausibleHeader(newHeader({ epoch: 1_700_000_000_000, itemsTotal: 5 }))).toBe(true);
  for (const epoch of [1e300, -1, Number.NaN]) {
    expect(isPlausibleHeader(newHeader({ epoch }))).toBe(false);
    expect(isPlausibleHeader(newHeader({ epoch: 1, previousEpoch: epoch }))).toBe(false);
  }
});
