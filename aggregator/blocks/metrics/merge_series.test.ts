import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { messageOf } from "#shared/errors.ts";
import { setStale, isStale, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesSamples, Windows } from "../../read/source.ts";
import { mergeSeries } from "./merge_series.ts";
import type { DecodedSeries } from "./series_pieces.ts";

/** A piece of the only series; a value of 7 stands for a stale marker, and 8 is a fine sample. */
function piece(times: readonly number[], values: readonly number[]): DecodedSeries {
  const timestampsMs = Float64Array.from(times);
  const column = Float64Array.from(times, (_, i) => values[i] ?? 0);
  const words = wordsOf(column);
  for (const [i, value] of column.entries()) if (value === 7) setStale(words, i);
  return {
    key: "k",
    labels: { a: "b" },
    timestampsMs,
    values: column,
    fine: values.includes(8)
      ? Uint8Array.from(column, (value) => (value === 8 ? 1 : 0))
      : undefined,
    mayHoldNans: true,
    bytes: 0,
  };
}

/** Text, since two NaNs differ by their bits only. */
function samples({ timestampsMs, values, fine }: Omit<SeriesSamples, "labels">) {
  const words = wordsOf(values);
  for (const [i, value] of values.entries()) expect(fine?.[i] ?? 0).toBe(value === 8 ? 1 : 0);
  return [...timestampsMs].map((time, i) => `${time}:${isStale(words, i) ? "stale" : values[i]}`);
}

const times = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 20 });
const pieces = fc.array(
  fc.tuple(times, fc.array(fc.integer({ min: 5, max: 9 }), { minLength: 20, maxLength: 20 })),
  { minLength: 1, maxLength: 4 },
);
const span = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 20, max: 70 }));

/** Sample by sample: of equal times the first commit's, in order, within the span. */
function naive(
  blocks: readonly DecodedSeries[],
  startMs: number,
  endMs: number,
): Map<number, string> {
  const found = new Map<number, string>();
  for (const block of blocks.toReversed()) {
    for (const text of samples(block)) found.set(Number(text.split(":")[0]), text);
  }
  const inside = [...found].filter(([time]) => time >= startMs && time <= endMs);
  return new Map(inside.toSorted(([a], [b]) => a - b));
}

/** What each window ends with, or undefined. */
function newestOf(all: readonly string[], { firstEndMs, stepMs, count, lengthMs }: Windows) {
  return Array.from({ length: count }, (_, i) => {
    const endMs = firstEndMs + i * stepMs;
    return all.findLast((text) => {
      const time = Number(text.split(":")[0]);
      return time <= endMs && time > endMs - lengthMs;
    });
  });
}

test("mergeSeries() gives every sample of the span once, the first commit's where blocks overlap", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, span, async (parts, [startMs, endMs]) => {
      const blocks = parts.map(([at, values]) =>
        piece(
          at.toSorted((a, b) => a - b),
          values,
        ),
      );
      const merged = await mergeSeries(
        blocks.map((block) => [block]),
        { startMs, endMs },
        1_000,
      );
      const wanted = [...naive(blocks, startMs, endMs).values()];
      expect(merged.flatMap(samples)).toEqual(wanted);
    }),
  );
});

test("mergeSeries() never leaves out the newest sample of a window that is looked at", async () => {
  const windows = fc.record({
    firstEndMs: fc.integer({ min: 0, max: 20 }),
    stepMs: fc.integer({ min: 0, max: 15 }),
    count: fc.integer({ min: 1, max: 10 }),
    lengthMs: fc.integer({ min: 1, max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(pieces, windows, async (parts, newest) => {
      const startMs = newest.firstEndMs - newest.lengthMs + 1;
      const endMs = newest.firstEndMs + newest.stepMs * (newest.count - 1);
      const blocks = parts.map(([at, values]) =>
        piece(
          at.toSorted((a, b) => a - b),
          values,
        ),
      );
      const lists = blocks.map((block) => [block]);
      const merged = await mergeSeries(lists, { startMs, endMs, newest }, 1_000);
      const some = merged.flatMap(samples);
      const wanted = newestOf([...naive(blocks, startMs, endMs).values()], newest);
      expect(newestOf(some, newest)).toEqual(wanted);
      expect(some.length).toBeLessThanOrEqual(newest.count * blocks.length);
    }),
  );
});

test("mergeSeries() refuses what is more than allowed", async () => {
  const block = [piece([1, 2, 3], [1, 1, 1])];
  const refused = await mergeSeries([block], { startMs: 0, endMs: 9 }, 2).catch((error: unknown) =>
    messageOf(error),
  );
  expect(refused === "query reads more than 2 samples").toBe(true);
});
