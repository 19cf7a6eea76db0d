import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { KnownTexts, labelsText, parseLabels } from "./labels_text.ts";

test("labelsText() is JSON with sorted names, whatever characters and order they have", () => {
  const unit = fc.constantFrom(
    "a",
    "b",
    "9",
    "1",
    "é",
    '"',
    "\\",
    "\n",
    "\u007f",
    "\ud83d",
    "\udca5",
  );
  const text = fc.oneof(
    fc.string({ unit, maxLength: 4 }),
    fc.constantFrom("__proto__", "__name__"),
  );
  const labels = fc
    .array(fc.tuple(text, text), { maxLength: 5 })
    .map((pairs) => Object.fromEntries(pairs));
  fc.assert(
    fc.property(labels, (own) => {
      const entries = Object.entries(own)
        .filter(([name, value]) => name !== "__name__" && value !== "")
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map((pair) => pair.map((one) => JSON.stringify(one.toWellFormed())).join(":"));
      expect(labelsText(own)).toBe(`{${entries.join()}}`);
    }),
    { numRuns: 5_000 },
  );
  expect(parseLabels("up", labelsText({ "10": "a", "9": "b" }))).toEqual({
    __name__: "up",
    "10": "a",
    "9": "b",
  });
});

test("a label set is the same object as long as fewer others than the bound were asked for since, and all go in the end", () => {
  const max = 5;
  fc.assert(
    fc.property(fc.array(fc.nat(12), { maxLength: 60 }), (asked) => {
      const known = new KnownTexts(max);
      const get = (number: number) => known.get("m", `{"n":"${number}"}`);
      const last = new Map<number, unknown>();
      for (const [i, number] of asked.entries()) {
        const found = get(number);
        const before = asked.lastIndexOf(number, i - 1);
        const isRecent = i > 0 && before >= 0 && new Set(asked.slice(before + 1, i)).size < max;
        if (isRecent) expect(found === last.get(number)).toBe(true);
        last.set(number, found);
      }
      const first = get(0);
      for (let other = 100; other < 100 + 2 * max; other++) get(other);
      expect(get(0)).not.toBe(first);
      expect(get(0)).toEqual(first);
    }),
  );
});
