import type { Part } from "../parts/parts_of.ts";
import type { PieChartOptions } from "./options.ts";

/** Slices that a person can tell apart; the smallest beyond them are one. */
const slicesMax = 40;

export type Slices = {
  readonly shown: readonly Part[];
  /** What the smallest ones come to together, and how many they are. */
  readonly others: { readonly count: number; readonly value: number };
  /** Values below zero have no place in a whole. */
  readonly negative: number;
  readonly total: number;
};

export function slicesOf(parts: readonly Part[], sort: PieChartOptions["sort"]): Slices {
  const positive = parts.filter(({ value }) => value > 0);
  const kept = new Set(
    positive
      .toSorted((a, b) => b.value - a.value)
      .slice(0, slicesMax)
      .map(({ key }) => key),
  );
  const shown = positive.filter(({ key }) => kept.has(key));
  const left = positive.filter(({ key }) => !kept.has(key));
  const direction = sort === "descending" ? -1 : 1;
  return {
    shown: sort === "none" ? shown : shown.toSorted((a, b) => direction * (a.value - b.value)),
    others: { count: left.length, value: left.reduce((sum, { value }) => sum + value, 0) },
    negative: parts.filter(({ value }) => value < 0).length,
    total: positive.reduce((sum, { value }) => sum + value, 0),
  };
}
