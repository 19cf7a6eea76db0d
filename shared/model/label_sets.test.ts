import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { LabelSets } from "./label_sets.ts";
import { type Labels, labelsKey, sameLabels } from "./labels.ts";

const text = fc.constantFrom("", "a", "b", "__proto__", "constructor");
const labels = fc
  .array(fc.tuple(text, text), { maxLength: 3 })
  .map((pairs): Labels => Object.fromEntries(pairs));

test("sameLabels() says whether labelsKey() is the same", () => {
  fc.assert(
    fc.property(labels, labels, (one, other) => {
      expect(sameLabels(one, other)).toBe(labelsKey(one) === labelsKey(other));
    }),
    { numRuns: 5_000 },
  );
});

/** The same for two or three label sets. */
function hashOf(i: number): number {
  return (i % 1_500) % 700;
}

test("LabelSets finds each label set by its number, also where hashes are equal", () => {
  const sets = new LabelSets();
  const all = Array.from({ length: 3_000 }, (_, i): Labels => ({ i: `${i % 1_500}`, j: "x" }));
  for (const [i, one] of all.entries()) {
    const known = sets.numberOf(one, hashOf(i));
    expect(known).toBe(i < 1_500 ? undefined : i - 1_500);
    if (known === undefined) expect(sets.add(one, hashOf(i))).toBe(i);
  }
  expect(sets.size).toBe(1_500);
  expect(sets.all.at(42)).toBe(all[42] ?? {});
  expect(sets.hashAt(742)).toBe(42);
  expect(sets.numberOf({ i: "1", j: "y" }, 1)).toBeUndefined();
});
