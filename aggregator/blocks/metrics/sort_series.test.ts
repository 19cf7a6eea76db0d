import { expect, test } from "bun:test";
import { cutMetricsOf } from "../../read/cut_metrics.ts";
import type { CutPart } from "../../read/cut_metrics.ts";
import { compareTexts } from "../series/labels_text.ts";
import { type SortedSeries, sortedSeries } from "./sort_series.ts";

async function sortSeries(cut: CutPart): Promise<SortedSeries> {
  const sorted = [];
  for await (const part of sortedSeries(cut)) sorted.push(...part);
  return sorted;
}

function cutOf(numbers: readonly number[]) {
  return cutMetricsOf(
    numbers.map((number) => ({
      labels: { __name__: `metric_${number % 7}`, number: String(number) },
      key: String(number),
      timestampsMs: new Float64Array(0),
      values: new Float64Array(0),
    })),
  );
}

/** 0..count-1, each once, in no order that anyone would sort by. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * 7_919) % count);
}

test("sortedSeries() sorts by name, then text, each series once, however many parts there are", async () => {
  for (const count of [0, 1, 4_096, 4_097, 20_000, 70_001]) {
    const numbers = shuffled(count);
    const sorted = await sortSeries(cutOf(numbers));
    const indexes = new Set(sorted.map(({ index }) => index));
    expect(sorted).toHaveLength(count);
    expect(indexes.size).toBe(count);
    for (const [i, { index, text }] of sorted.entries()) {
      const before = sorted[i - 1]?.text;
      if (before === undefined) continue;
      const order = compareTexts(before.name, text.name) || compareTexts(before.text, text.text);
      if (order >= 0 || !text.text.includes(`"${numbers[index]}"`))
        throw new Error(`${before.name}${before.text} stands before ${text.name}${text.text}`);
    }
  }
});

test("sortedSeries() lets others run while it sorts many", async () => {
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  await sortSeries(cutOf(shuffled(100_000)));
  clearInterval(counting);
  expect(turns).toBeGreaterThan(5);
});

test("sortedSeries() lets others run between fewer series where these have many labels", async () => {
  const labels = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`l${i}`, "v"]));
  const wide = Array.from({ length: 2_000 }, (_, i) => ({
    labels: { __name__: `metric_${(i * 7) % 2_000}`, ...labels },
    key: String(i),
    timestampsMs: new Float64Array(0),
    values: new Float64Array(0),
  }));
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const sorted = await sortSeries(cutMetricsOf(wide));
  clearInterval(counting);
  expect(turns).toBeGreaterThan(2);
  const names = sorted.map(({ text }) => text.name);
  expect(names).toEqual(names.toSorted());
});
