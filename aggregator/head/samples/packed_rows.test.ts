import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import { packRows, unpackColumn } from "./packed_rows.ts";

/** Numbers as scrapes have them, and any bits. */
const value = fc.oneof(
  fc.integer({ min: -1_000, max: 1_000_000 }).map((number) => ({ number })),
  fc.double().map((number) => ({ number })),
  fc.constantFrom({ special: "absent" as const }, { special: "stale" as const }),
  fc.record({ low: fc.nat(0xffff_ffff), high: fc.nat(0xffff_ffff) }),
);

test("rows that are packed keep the bits of each value", () => {
  const unpacked = new Uint32Array(32);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 16 }).chain((rows) => {
        const column = fc.array(fc.oneof({ weight: 2, arbitrary: value }, fc.constant(undefined)), {
          minLength: rows,
          maxLength: rows,
        });
        return fc.record({
          rows: fc.constant(rows),
          columns: fc.array(column, { minLength: 1, maxLength: 20 }),
        });
      }),
      ({ rows, columns }) => {
        const width = columns.length;
        const values = new Float64Array(rows * width);
        const words = wordsOf(values);
        for (const [column, some] of columns.entries())
          for (const [row, one] of some.entries()) {
            const at = row * width + column;
            // As before, where there is nothing else.
            if (one === undefined) {
              const from = Math.max(0, row - 1) * width + column;
              words[2 * at] = words[2 * from] ?? 0;
              words[2 * at + 1] = words[2 * from + 1] ?? 0;
            } else if ("number" in one) values[at] = one.number;
            else if ("low" in one) words.set([one.low, one.high], 2 * at);
            else if (one.special === "stale") setStale(words, at);
            else setAbsent(words, at);
          }
        const packed = packRows(words, rows, width);
        for (let column = 0; column < width; column++) {
          unpackColumn(packed, column, rows, unpacked);
          for (let row = 0; row < rows; row++) {
            const at = 2 * (row * width + column);
            expect([...unpacked.subarray(2 * row, 2 * row + 2)]).toEqual([
              ...words.subarray(at, at + 2),
            ]);
          }
        }
      },
    ),
  );
});

test("columns that stay as they are, or change in a few bytes, take little", () => {
  const [rows, width] = [16, 100];
  const values = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < width; column++)
      values[row * width + column] = column < 80 ? column / 3 : 1_000_000 + 13 * row;
  const { bytes } = packRows(wordsOf(values), rows, width);
  expect(bytes.length / values.length).toBeLessThan(1);
});
