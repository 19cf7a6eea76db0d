import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { sortInTurns } from "./sort_in_turns.ts";

test("sortInTurns() sorts as toSorted() does, equals in their order, and pauses every few comparisons", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 200 }), async (numbers) => {
      const items = numbers.map((value, place) => ({ value, place }));
      let [compared, longest] = [0, 0];
      const compare = (a: { value: number }, b: { value: number }): number => {
        compared++;
        return a.value - b.value;
      };
      const sorted = await sortInTurns(items, compare, () => {
        longest = Math.max(longest, compared);
        compared = 0;
        return undefined;
      });
      expect(sorted).toEqual(items.toSorted((a, b) => a.value - b.value));
      expect(Math.max(longest, compared)).toBeLessThan(64);
    }),
  );
});
