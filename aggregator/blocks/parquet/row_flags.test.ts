import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { RowFlags } from "./row_flags.ts";

/** A run of one flag, or eights of packed ones, as Parquet writes them. */
const run = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 40 }), fc.boolean()).map(([count, flag]) => ({
    flags: Array.from({ length: count }, () => Number(flag)),
    bytes: [count * 2, Number(flag)],
  })),
  fc.array(fc.nat(255), { minLength: 1, maxLength: 5 }).map((packed) => ({
    flags: packed.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1)),
    bytes: [packed.length * 2 + 1, ...packed],
  })),
);

test("rows that have a value are counted and told, however they are written", () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 8 }), fc.nat(9), (runs, cut) => {
      const all = runs.flatMap(({ flags }) => flags);
      // The last flags may be of no row.
      const last = runs.at(-1)?.bytes ?? [];
      const isPacked = (last[0] ?? 0) % 2 === 1;
      const flags = all.slice(0, all.length - (isPacked ? Math.min(cut, 7) : 0));
      const bytes = Uint8Array.from(runs.flatMap((one) => one.bytes));
      const flagged = new RowFlags(bytes, flags.length);
      expect(Array.from(flagged.flags())).toEqual(flags);
      const rows = flags.flatMap((flag, row) => (flag === 1 ? [row] : []));
      expect(Array.from(flagged.rows())).toEqual(rows);
      expect(flagged.count).toBe(rows.length);
    }),
  );
});

test("a run of nothing is refused", () => {
  expect(() => new RowFlags(Uint8Array.of(0, 1), 5)).toThrow("an empty run");
});
