import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { mergedByKey } from "./merged_by_key.ts";

const keys = fc.uniqueArray(fc.string({ maxLength: 2 }), { maxLength: 12 });

type Item = { readonly key: string; readonly of: string };

function list(some: readonly string[], of: string): Item[] {
  return some.toSorted().map((key) => ({ key, of }));
}

function join(a: Item, b: Item): Item {
  return { key: a.key, of: a.of + b.of };
}

test("two lists become one in order, and what is in both is joined, the earlier one first", () => {
  fc.assert(
    fc.property(keys, keys, (before, after) => {
      expect(mergedByKey(list(before, "b"), list(after, "a"), join)).toEqual(
        [...new Set([...before, ...after])].toSorted().map((key) => ({
          key,
          of: (before.includes(key) ? "b" : "") + (after.includes(key) ? "a" : ""),
        })),
      );
    }),
  );
});
