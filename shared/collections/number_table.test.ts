import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { NumberTable } from "./number_table.ts";

function found(table: NumberTable, hash: number, hashes: readonly number[]): Set<number> {
  const numbers = new Set<number>();
  table.seek(hash);
  for (let number = table.next(); number >= 0; number = table.next())
    if (hashes[number] === hash) numbers.add(number);
  return numbers;
}

test("NumberTable finds all numbers of each hash after every one that is added", () => {
  const hash = fc.oneof(fc.nat(40), fc.nat(2 ** 32 - 1));
  fc.assert(
    fc.property(fc.array(hash, { minLength: 300, maxLength: 1_200 }), (hashes) => {
      const table = new NumberTable((number) => hashes[number] ?? 0);
      const expected = new Map<number, Set<number>>();
      for (const [number, own] of hashes.entries()) {
        table.add(number, own);
        const same = expected.get(own) ?? new Set();
        expected.set(own, same.add(number));
        const other = hashes[(number * 7) % (number + 1)] ?? 0;
        for (const some of [own, other])
          expect(found(table, some, hashes)).toEqual(expected.get(some) ?? new Set());
      }
    }),
    { numRuns: 30 },
  );
});

test("NumberTable finds nothing where there is nothing", () => {
  const table = new NumberTable(() => 0);
  table.seek(5);
  expect(table.next()).toBe(-1);
});
