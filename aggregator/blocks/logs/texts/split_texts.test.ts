import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { logsColumns } from "../write/logs_columns.ts";
import { ByteSink } from "../../parquet/byte_sink.ts";
import { parseFooter } from "../../parquet/footer.ts";
import { ParquetWriter } from "../../parquet/parquet_writer.ts";
import { presenceOf } from "../../parquet/presence.ts";
import { partRows } from "./digit_pages.ts";
import type { TextTest } from "./text_tests.ts";
import { TextColumn } from "./text_values.ts";
import { VariableColumn } from "./variable_column.ts";

/** Writes texts as the first variable and its digits, and reads them; null: a row without one. */
function throughFile(texts: readonly (string | null)[]) {
  const pieces: Uint8Array[] = [];
  const schema = logsColumns.filter(({ name }) => name === "v0" || name === "d0");
  const writer = new ParquetWriter(schema, 3, (bytes) => pieces.push(bytes.slice()));
  const column = new VariableColumn(1);
  column.clear();
  for (const text of texts) {
    if (text === null) continue;
    const bytes = Buffer.from(text);
    column.take({ bytes, lengths: Uint32Array.of(bytes.length) }, 0, 0, 1);
  }
  const presence = presenceOf(Uint8Array.from(texts, (text) => Number(text !== null)));
  const parts = Array.from(
    { length: Math.ceil(texts.length / partRows) },
    (_, part) =>
      texts.slice(part * partRows, (part + 1) * partRows).filter((text) => text !== null).length,
  );
  const sinks = { page: new ByteSink(), digits: new ByteSink() };
  const textParts = { rows: texts.length, texts: Uint32Array.from(parts) };
  writer.rowGroup(texts.length, column.pages(column.content, presence, textParts, sinks));
  writer.finish([]);
  const file = Buffer.concat(pieces);
  const footerEnd = file.length - 8;
  const footer = file.subarray(footerEnd - file.readUInt32LE(footerEnd), footerEnd);
  const [group] = parseFooter(footer).groups;
  const read = (name: string) => {
    const chunk = group?.columns.get(name);
    if (chunk === undefined) throw new Error(`no column ${name}`);
    const bytes = file.subarray(chunk.offset, chunk.offset + chunk.bytes);
    return { chunk, bytes, rows: texts.length };
  };
  const columnOf = () => {
    const one = new TextColumn(read("v0"), true);
    one.giveDigits(read("d0"));
    return one;
  };
  return {
    texts: columnOf(),
    columnOf,
    shapes: new TextColumn(read("v0"), true),
    digits: new TextColumn(read("d0")),
  };
}

/** The text of each row. */
function rowsOf({ bytes, ends, rowOf }: TextColumn, rows: number): (string | null)[] {
  const found: (string | null)[] = Array.from({ length: rows }, () => null);
  for (const [i, end] of ends.entries()) {
    const from = i === 0 ? 0 : (ends[i - 1] ?? 0);
    found[rowOf === undefined ? i : (rowOf[i] ?? 0)] = Buffer.from(
      bytes.slice(from, end),
    ).toString();
  }
  return found;
}

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const text = fc.oneof(
  fc.tuple(digits(4), digits(2)).map(([a, b]) => `${a}-${b}-${b}`),
  fc.tuple(digits(3), digits(3)).map(([a, b]) => `${a}.é.${b}`),
  digits(30).map((run) => `blk_${run}`),
  digits(30),
  fc.constantFrom("", "-", "x", "9", "99999999910", "\u0000"),
);

test("texts come back, whatever was taken out of them", () => {
  let split = 0;
  const rows = fc.array(fc.option(text), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(rows, fc.constantFrom(1, 9, 200), (some, times) => {
      const wanted = Array.from({ length: times }, () => some).flat();
      const { texts, digits: apart } = throughFile(wanted);
      if (!apart.isEmpty) split++;
      const lengths = new Uint32Array(wanted.length);
      texts.addLengths(lengths);
      expect(Array.from(lengths)).toEqual(wanted.map((one) => Buffer.byteLength(one ?? "")));
      expect(rowsOf(texts, wanted.length)).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
  expect(split).toBeGreaterThan(50);
});

/** A piece of one of the texts, or something else; with a digit changed or not. */
const piece = fc.record({
  is: fc.constantFrom("within", "prefix", "suffix", "equal"),
  row: fc.nat(),
  from: fc.nat(),
  length: fc.oneof(fc.nat(3), fc.nat(40)),
  change: fc.option(fc.nat(), { freq: 4 }),
  other: fc.option(fc.constantFrom("-", ".é.", "9", "0", "77", "blk_", "_1", "1-", ""), {
    freq: 3,
  }),
});

function testOf(
  { is, row, from, length, change, other }: typeof piece extends fc.Arbitrary<infer P> ? P : never,
  rows: readonly (string | null)[],
): TextTest {
  const whole = Buffer.from(rows[row % rows.length] ?? "");
  const most = Math.min(length, whole.length);
  const start = is === "prefix" ? 0 : is === "suffix" ? whole.length - most : from % (most + 1);
  const bytes = Buffer.from(
    is === "equal" ? whole : (other ?? whole.subarray(start, start + most)),
  );
  const at = change === null || bytes.length === 0 ? -1 : change % bytes.length;
  const digit = bytes[at] ?? 0;
  if (digit >= 48 && digit < 57) bytes[at] = digit + 1;
  return { is, bytes };
}

function isRight(whole: Buffer, { is, bytes }: TextTest): boolean {
  if (is === "within") return whole.includes(bytes);
  if (is === "equal") return whole.equals(bytes);
  const end = is === "prefix" ? whole.subarray(0, bytes.length) : whole.subarray(-bytes.length);
  return bytes.length === 0 || end.equals(bytes);
}

test("texts are found as they are when put together", () => {
  const rows = fc.array(fc.option(text), { minLength: 1, maxLength: 60 });
  let found = 0;
  fc.assert(
    fc.property(
      rows,
      fc.constantFrom(1, 9),
      fc.array(piece, { minLength: 9, maxLength: 9 }),
      (some, times, pieces) => {
        const wanted = Array.from({ length: times }, () => some).flat();
        const { texts, columnOf, shapes } = throughFile(wanted);
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
          const filled = columnOf();
          expect(filled.bytes).toBeDefined();
          expect(filled.rowsWith(asked)).toEqual(expected);
        }
        const few = texts.fewCursor();
        for (let row = 0; row < wanted.length; row += times + 2) {
          const isThere = few.seek(row);
          const bytes = Buffer.from(few.bytes.subarray(few.start, few.end));
          expect(isThere ? bytes.toString() : null).toBe(wanted[row] ?? null);
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(found).toBeGreaterThan(1_000);
});

const within = (needle: string) => ({ is: "within" as const, bytes: Buffer.from(needle) });

test("digits are not wanted where no shape has the rest of a needle", () => {
  const dates = Array.from({ length: 100 }, (_, i) => `2005-12-${10 + (i % 20)}`);
  const { shapes, texts, digits: apart } = throughFile(dates);
  expect(apart.isEmpty).toBe(false);
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
  expect(texts.isSplit).toBe(true);
});

test("shapes that hardly come again stay in the texts", () => {
  const ids = Array.from({ length: 5_000 }, (_, i) => Bun.hash.xxHash64(`${i}`).toString(16));
  const { texts, digits: apart } = throughFile(ids);
  expect(apart.isEmpty).toBe(true);
  expect(rowsOf(texts, ids.length)).toEqual(ids);
});

test("words of which there are few stand in a dictionary, with no digits beside them", () => {
  const months = Array.from({ length: 500 }, (_, i) => ["Jan", "Feb", "Mar"][i % 3] ?? "");
  const { texts, digits: apart } = throughFile(months);
  expect(apart.isEmpty).toBe(true);
  expect(rowsOf(texts, months.length)).toEqual(months);
});

function areDigitsText(texts: readonly string[]): boolean {
  const { texts: read, digits: apart } = throughFile(texts);
  expect(rowsOf(read, texts.length)).toEqual([...texts]);
  // Of the first part: the byte before its digits.
  return apart.bytes[0] === 0;
}

test("digits that come again stay text, others are packed; both come back", () => {
  const random = Array.from({ length: 9_000 }, (_, i) => `${Bun.hash.xxHash32(`${i}`)}`);
  expect(areDigitsText(random)).toBe(false);
  expect(areDigitsText(random.map((_, i) => `${random[i % 40]}/${i % 7}`))).toBe(true);
});
