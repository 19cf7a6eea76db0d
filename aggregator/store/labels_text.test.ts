import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { labelsText, parseLabels } from "./labels_text.ts";

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
