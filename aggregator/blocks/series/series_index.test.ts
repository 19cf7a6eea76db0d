import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { nextRound } from "#shared/async/turns.ts";
import { labelsText } from "./labels_text.ts";
import { KnownSeries } from "./known_series.ts";
import { SeriesIndex } from "./series_index.ts";
import { SeriesMarks } from "./series_marks.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("a", "b", "__proto__", "job"));
const filledText = text.filter((value) => value !== "").map((value) => value.toWellFormed());

test("KnownSeries gives each series one number, and its labels back", () => {
  const labels = fc
    .array(fc.tuple(filledText, filledText), { maxLength: 6 })
    .map((pairs) => Object.fromEntries(pairs.filter(([name]) => !name.startsWith("__"))));
  fc.assert(
    fc.property(fc.array(fc.tuple(text, labels), { maxLength: 60 }), (all) => {
      const known = new KnownSeries();
      const numbers = new Map<string, number>();
      for (const [rawName, own] of all) {
        const name = rawName.toWellFormed();
        const id = known.id(name, labelsText(own));
        const key = JSON.stringify([name, labelsText(own)]);
        expect(numbers.get(key) ?? id).toBe(id);
        numbers.set(key, id);
        expect(known.labels(id)).toEqual(name === "" ? own : { __name__: name, ...own });
      }
      expect(known.size).toBe(numbers.size);
      expect(new Set(numbers.values()).size).toBe(numbers.size);
    }),
  );
});

const seriesOf = (block: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `m${i % 7}`, text: `{"of":"${block}_${i}"}` }));

async function valuesIn(index: SeriesIndex, block: string): Promise<string[] | undefined> {
  const { known, sets } = index.of("t", [{ id: block }]);
  const [set] = sets;
  if (set === undefined) return undefined;
  const marks = new SeriesMarks(known);
  marks.take(set, true);
  await marks.select([]);
  return [...(await marks.values("of"))].toSorted();
}

test("blocks with the same series have one array, and those that are gone are forgotten", async () => {
  const index = new SeriesIndex(1e9);
  for (const id of ["a", "b", "c"]) await index.note("t", id, seriesOf(1, 100));
  await index.note("t", "d", seriesOf(2, 3));
  const [a, b, c, d, other] = index.of(
    "t",
    ["a", "b", "c", "d", "e"].map((id) => ({ id })),
  ).sets;
  expect(a).toHaveLength(100);
  expect(a === b && a === c).toBe(true);
  expect(d).toHaveLength(3);
  expect(other).toBeUndefined();
  index.keep(["a", "b", "c"].map((id) => ({ id })));
  // Of a block that is not there yet nothing is forgotten.
  expect(await valuesIn(index, "d")).toHaveLength(3);
  index.keep([{ id: "d" }]);
  expect(await valuesIn(index, "a")).toBeUndefined();
  expect(await valuesIn(index, "d")).toEqual(["2_0", "2_1", "2_2"]);
});

test("series of blocks that are gone leave the memory, while answers go on as they began", async () => {
  const index = new SeriesIndex(1e9);
  const blocks = Array.from({ length: 80 }, (_, i) => ({ id: `b${i}` }));
  for (const [i, { id }] of blocks.entries()) await index.note("t", id, seriesOf(i, 2_000));
  const before = index.of("t", blocks);
  const bytes = index.bytes;
  const left = blocks.slice(70);
  index.keep(blocks);
  index.keep(left);
  while (index.of("t", left).known === before.known) await nextRound();
  expect(index.bytes).toBeLessThan(bytes / 4);
  expect(index.of("t", left).known.size).toBe(20_000);
  expect(await valuesIn(index, "b75")).toEqual(
    seriesOf(75, 2_000)
      .map((_, i) => `75_${i}`)
      .toSorted(),
  );
  const [first = new Uint32Array()] = before.sets;
  expect(before.known.labels(first[0] ?? -1)).toMatchObject({ of: expect.stringMatching(/^0_/) });
});

test("series that are collected while a block is written are the same as those of a list, also where they were renumbered meanwhile", async () => {
  const index = new SeriesIndex(1e9);
  const blocks = Array.from({ length: 80 }, (_, i) => ({ id: `b${i}` }));
  for (const [i, { id }] of blocks.entries()) await index.note("t", id, seriesOf(i, 2_000));
  const series = [...seriesOf(3, 3_000), ...seriesOf(79, 10), ...seriesOf(200, 500)];
  const collected = index.collect("t");
  for (const one of series) collected?.add(one);
  const before = index.of("t", blocks).known;
  index.keep(blocks);
  index.keep(blocks.slice(78));
  while (index.of("t", blocks).known === before) await nextRound();
  await index.note("t", "new", collected ?? []);
  const wanted = [...new Set(series.map(({ text: own }) => own.slice(7, -2)))].toSorted();
  expect(await valuesIn(index, "new")).toEqual(wanted);
  expect(new SeriesIndex(0).collect("t")).toBeUndefined();
});

test("what finds no room lets go of the blocks that were noted first", async () => {
  const index = new SeriesIndex(500_000);
  for (let i = 0; i < 20; i++) {
    await index.note("t", `b${i}`, seriesOf(i, 1_000));
    for (let round = 0; round < 50; round++) await nextRound();
  }
  expect(index.bytes).toBeLessThan(1_000_000);
  expect(await valuesIn(index, "b0")).toBeUndefined();
  expect(await valuesIn(index, "b19")).toHaveLength(1_000);
  const none = new SeriesIndex(0);
  await none.note("t", "b", seriesOf(1, 1));
  expect(none.bytes).toBe(0);
});
