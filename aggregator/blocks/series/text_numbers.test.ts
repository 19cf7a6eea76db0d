import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { TextNumbers } from "./text_numbers.ts";

test("TextNumbers numbers each text once, as a Map would", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.nat(300).map((n) => `text ${n}`),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 1_500, size: "max" }), (texts) => {
      const numbers = new TextNumbers();
      const expected = new Map<string, number>();
      for (const one of texts) {
        expect(numbers.numberOf(one)).toBe(expected.get(one));
        if (expected.has(one)) continue;
        expect(numbers.add(one)).toBe(expected.size);
        expected.set(one, expected.size);
      }
      expect(numbers.size).toBe(expected.size);
      expect([...numbers]).toEqual([...expected.keys()]);
      for (const [one, number] of expected) {
        expect(numbers.at(number)).toBe(one);
        expect(numbers.numberOf(one)).toBe(number);
      }
    }),
    { numRuns: 60 },
  );
});
