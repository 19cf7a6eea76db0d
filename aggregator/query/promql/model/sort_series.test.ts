import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { sortByLabel } from "./sort_series.ts";
import { newSeries } from "./values.ts";

const budget = {
  samplesMax: Infinity,
  deadlineMs: Infinity,
  monotonic: () => 0,
  signal: undefined,
  memory: undefined,
  samples: 0,
  peakSamples: 0,
};

async function sorted(
  labelSets: readonly Readonly<Record<string, string>>[],
  names: readonly string[],
  sign: 1 | -1 = 1,
) {
  const found = await sortByLabel(
    budget,
    labelSets.map((labels) => newSeries(labels, 1)),
    names,
    sign,
  );
  return found.map(({ labels }) => labels);
}

test("labels that are asked for count in turn, an absent one is empty, then the whole label set", async () => {
  const asked = [
    { a: "x10", b: "1" },
    { a: "x9", b: "2" },
    { b: "3" },
    { a: "x9", b: "1" },
    { a: "x9", b: "1", c: "z" },
  ];
  const ascending = [
    { b: "3" },
    { a: "x9", b: "1" },
    { a: "x9", b: "1", c: "z" },
    { a: "x9", b: "2" },
    { a: "x10", b: "1" },
  ];
  expect(await sorted(asked, ["none", "a", "b", "a"])).toEqual(ascending);
  expect(await sorted(asked, ["none", "a", "b"], -1)).toEqual(ascending.toReversed());
});

test("sort_by_label() orders as a comparison of label after label does", async () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  const labels = fc.dictionary(name, fc.constantFrom("1", "2", "x", "x2"), {
    noNullPrototype: true,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(labels), fc.array(name), async (labelSets, names) => {
      const rank = (one: Readonly<Record<string, string>>) =>
        names.map((key) => (one[key] ?? "").padEnd(2)).join(" ");
      const ranks = (await sorted(labelSets, names)).map(rank);
      expect(ranks).toEqual(ranks.toSorted());
    }),
  );
});

test("labels that no series has cost nothing for each comparison", async () => {
  let reads = 0;
  const counted = Array.from({ length: 500 }, (_, i) =>
    newSeries(
      new Proxy<Record<string, string>>(
        { job: `job-${i % 7}`, instance: `host-${i}` },
        {
          get: (target, key) => {
            reads++;
            return target[String(key)];
          },
        },
      ),
      1,
    ),
  );
  const names = Array.from({ length: 20_000 }, (_, i) => `label_${i}`);
  await sortByLabel(budget, counted, [...names, "job"], 1);
  expect(reads).toBeLessThan(10 * counted.length);
});
