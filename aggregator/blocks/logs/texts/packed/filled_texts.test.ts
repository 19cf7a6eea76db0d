import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { TextColumn } from "../text_values.ts";
import { isRight, piece, rowsOf, testOf, text } from "../texts_in_columns.fixture.ts";
import { packedColumn, packedForms } from "./packed_column.fixture.ts";

function readers(texts: readonly (string | null)[], form: (typeof packedForms)[number]) {
  const read = packedColumn(texts, form);
  const shapes = () => new TextColumn(read("v0"), true);
  const whole = () => {
    const column = shapes();
    column.giveDigits(read("d0"));
    return column;
  };
  return { shapes, whole };
}

const rows = fc
  .tuple(fc.array(fc.option(text), { maxLength: 60 }), text)
  .map(([some, one]) => [...some, one]);

test("packed texts come back", () => {
  fc.assert(
    fc.property(
      rows,
      fc.constantFrom(1, 9, 200),
      fc.constantFrom(...packedForms),
      (some, times, form) => {
        const wanted = Array.from({ length: times }, () => some).flat();
        const texts = readers(wanted, form).whole();
        expect(texts.isPacked).toBe(true);
        const lengths = new Uint32Array(wanted.length);
        texts.addLengths(lengths);
        expect(Array.from(lengths)).toEqual(wanted.map((one) => Buffer.byteLength(one ?? "")));
        expect(rowsOf(texts, wanted.length)).toEqual(wanted);
      },
    ),
    { numRuns: 200 },
  );
});

test("packed texts are found as they are when put together", () => {
  let found = 0;
  fc.assert(
    fc.property(
      rows,
      fc.constantFrom(1, 9),
      fc.constantFrom(...packedForms),
      fc.array(piece, { minLength: 9, maxLength: 9 }),
      (some, times, form, pieces) => {
        const wanted = Array.from({ length: times }, () => some).flat();
        const read = readers(wanted, form);
        const [texts, shapes] = [read.whole(), read.shapes()];
        for (const one of pieces) {
          const asked = testOf(one, wanted);
          if (asked.bytes.length === 0 && asked.is !== "equal") continue;
          const expected = wanted.flatMap((text_, row) =>
            text_ !== null && isRight(Buffer.from(text_), asked) ? [row] : [],
          );
          found += expected.length;
          expect({ asked, rows: texts.rowsWith(asked) }).toEqual({ asked, rows: expected });
          if (expected.length === 0) continue;
          if (!shapes.needsDigits(asked)) expect(shapes.rowsWith(asked)).toEqual(expected);
        }
        const few = texts.fewCursor();
        for (let row = 0; row < wanted.length; row += times + 2) {
          const isThere = few.seek(row);
          const bytes = Buffer.from(few.bytes.subarray(few.start, few.end));
          expect(isThere ? bytes.toString() : null).toBe(wanted[row] ?? null);
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(found).toBeGreaterThan(1_000);
});

const within = (needle: string) => ({ is: "within" as const, bytes: Buffer.from(needle) });

test("digits are not wanted where no shape has the rest of a needle", () => {
  const dates = Array.from({ length: 100 }, (_, i) => `2005-12-${10 + (i % 20)}`);
  const read = readers(dates, "version 2, packed");
  const [shapes, texts] = [read.shapes(), read.whole()];
  // No text has five digits in a row.
  for (const needle of ["/", "12345", "-", "x1"])
    expect(shapes.needsDigits(within(needle))).toBe(false);
  for (const needle of ["-12-2", "-13-", "1"])
    expect(shapes.needsDigits(within(needle))).toBe(true);
  expect(() => shapes.rowsWith(within("-12-2"))).toThrow("digits");
  const { memory } = texts;
  expect(texts.rowsWith(within("/"))).toEqual([]);
  // Which text is of which row is not unpacked for nothing: there are thousands of such columns in a search.
  expect(texts.memory).toBe(memory);
  expect(texts.rowsWith(within("-13-"))).toEqual([]);
  expect(texts.rowsWith(within("-12-29"))).toEqual([19, 39, 59, 79, 99]);
  // None was put together for it.
  expect(texts.isPacked).toBe(true);
});
