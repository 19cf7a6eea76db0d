import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { labelsKey } from "./labels.ts";

test("labelsKey() is the same for equal label sets, whatever their order", () => {
  expect(labelsKey({ b: "2", a: "1", c: "" })).toBe(labelsKey({ a: "1", b: "2" }));
});

test("labelsKey() tells different label sets apart, whatever characters they hold", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "0", "1", "\u00fe", "\u00ff"),
    minLength: 1,
    maxLength: 3,
  });
  const labels = fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true });
  fc.assert(
    fc.property(labels, labels, (one, other) => {
      expect(labelsKey(one) === labelsKey(other)).toBe(Bun.deepEquals(one, other));
    }),
    { numRuns: 5_000 },
  );
  expect(labelsKey({ a: "b\u00ffc\u00ffd" })).not.toBe(labelsKey({ a: "b", c: "d" }));
});
