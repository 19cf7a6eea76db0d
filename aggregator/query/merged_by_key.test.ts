import { expect, test } from "bun:test";
import fc from "fast-check";
import { mergedByKey } from "./merged_by_key.ts";

const keys = fc.uniqueArray(fc.string({ maxLength: 2 }), { maxLength: 12 });

test("two lists become one in order, and what is in both is joined, the earlier one first", () => {
  fc.assert(
    fc.property(keys, keys, (before, after) => {
      const list = (some: readonly string[], of: string) =>
        some.toSorted().map((key) => ({ key, of }));
      const join = (a: { key: string; of: string }, b: { of: string }) => ({
        key: a.key,
        of: a.of + b.of,
      });
      expect(mergedByKey(list(before, "b"), list(after, "a"), join)).toEqual(
        [...new Set([...before, ...after])].toSorted().map((key) => ({
          key,
          of: (before.includes(key) ? "b" : "") + (after.includes(key) ? "a" : ""),
        })),
      );
    }),
  );
});
