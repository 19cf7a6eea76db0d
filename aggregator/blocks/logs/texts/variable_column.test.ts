import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ByteReader } from "#proto/codec/byte_reader.ts";
import { ByteWriter } from "#proto/codec/byte_writer.ts";
import { VariableColumns } from "#proto/codec/variable_columns.ts";
import { readVariables } from "#proto/codec/variable_reader.ts";
import type { NumberedTexts } from "#shared/model/line_columns.ts";
import type { ShapedVariables } from "#shared/model/shaped_variables.ts";
import type { WrittenDictionary, WrittenTexts } from "./written_texts.ts";
import { GroupWords } from "../search/group_words.ts";
import { hashWord } from "./word_hash.ts";
import { NumberedPlace } from "./numbered_place.ts";
import { ShapedCursor } from "./shaped_cursor.ts";
import { VariableColumn } from "./variable_column.ts";

/** Two templates of one variable each, in turn. */
const layout = { firstColumns: Uint32Array.of(0, 1), widths: Uint8Array.of(1, 1) };

function plain(texts: readonly string[]): WrittenTexts {
  const bytes = texts.map((text) => Buffer.from(text));
  return {
    bytes: new Uint8Array(Buffer.concat(bytes)),
    lengths: Uint32Array.from(bytes, ({ length }) => length),
  };
}

/** What a frame makes of the texts. */
function shaped(texts: readonly string[]): ShapedVariables {
  const counts = Uint32Array.of(Math.ceil(texts.length / 2), Math.floor(texts.length / 2));
  const { bytes, lengths } = plain(texts);
  const columns = new VariableColumns();
  columns.begin([...counts]);
  let at = 0;
  for (const [i, length] of lengths.entries()) {
    columns.add(i % 2, at, length);
    at += length;
  }
  const writer = new ByteWriter();
  columns.write(writer, bytes);
  return readVariables(new ByteReader(writer.written()), { ...layout, counts }, 2 ** 20).variables;
}

/** What a block has of the texts. */
function numbered(texts: readonly string[]): NumberedTexts {
  const different = [...new Set(texts)];
  const { bytes, lengths } = plain(different);
  const starts = new Uint32Array(different.length + 1);
  for (const [i, length] of lengths.entries()) starts[i + 1] = (starts[i] ?? 0) + length;
  return { numbers: Uint16Array.from(texts, (text) => different.indexOf(text)), bytes, starts };
}

function textsOf(content: WrittenTexts | WrittenDictionary): string[] {
  const { bytes, lengths } = "entries" in content ? content.entries : content;
  let end = 0;
  const texts = Array.from(lengths, (length) =>
    Buffer.from(bytes.subarray(end, (end += length))).toString(),
  );
  if (!("entries" in content)) return texts;
  return Array.from(content.numbers, (number) => texts[number] ?? "");
}

function searched(content: WrittenTexts | WrittenDictionary) {
  const words = new GroupWords();
  words.clear();
  const longest = words.take("entries" in content ? content.entries : content);
  return { longest, ...words.filter(1_000) };
}

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const text = fc.oneof(
  fc.tuple(digits(5), digits(5)).map(([a, b]) => `${a}-${b}:é/id_${b}${a}`),
  fc.tuple(digits(2), digits(2)).map(([a, b]) => `/u/${a}.${b}`),
  fc.tuple(digits(3), digits(3)).map(([a, b]) => `${a}.${b}`),
  digits(30).map((run) => `blk_${run}`),
  digits(30),
  fc.constantFrom("", "x", "9", "no digits here"),
);
const piece = fc.record({
  texts: fc.array(text, { maxLength: 40 }),
  times: fc.constantFrom(1, 40),
  source: fc.constantFrom("texts", "frame", "block"),
  from: fc.nat(40),
});

test("texts of records, of frames and of blocks are the same column, and have the same words", () => {
  const column = new VariableColumn(1);
  let withDictionary = 0;
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
      column.clear();
      const wanted: string[] = [];
      for (const { texts, times, source, from } of pieces) {
        const given = Array.from({ length: times }, () => texts).flat();
        wanted.push(...given);
        if (source === "texts") column.take(plain(given), 0, 0, given.length);
        else if (source === "block") {
          const place = new NumberedPlace(numbered(given));
          const half = Math.min(from, given.length);
          column.takeNumbered(place, 0, half);
          column.takeNumbered(place, half, given.length - half);
        } else {
          const cursor = new ShapedCursor(shaped(given));
          const templates = Uint32Array.from(given, (_, i) => i % 2);
          column.takeShaped(cursor, 0, templates.subarray(0, from));
          column.takeShaped(cursor, 0, templates.subarray(from));
        }
      }
      const { content } = column;
      if ("entries" in content) withDictionary++;
      expect(textsOf(content)).toEqual(wanted);
      expect(searched(content)).toEqual(searched(plain(wanted)));
    }),
    { numRuns: 100 },
  );
  expect(withDictionary).toBeGreaterThan(30);
});

test("texts that hardly come again are put together, also those that come afterwards", () => {
  const ids = Array.from({ length: 9_000 }, (_, i) => Bun.hash.xxHash64(`${i}`).toString(16));
  const column = new VariableColumn(1);
  column.clear();
  for (const part of [ids.slice(0, 8_000), ids.slice(8_000)])
    column.takeShaped(
      new ShapedCursor(shaped(part)),
      0,
      Uint32Array.from(part, (_, i) => i % 2),
    );
  column.takeNumbered(new NumberedPlace(numbered(ids.slice(0, 500))), 0, 500);
  column.take(plain(ids.slice(0, 9)), 0, 0, 9);
  expect("entries" in column.content).toBe(false);
  expect(textsOf(column.content)).toEqual([...ids, ...ids.slice(0, 500), ...ids.slice(0, 9)]);
});

const many = (...texts: readonly string[]) => Array.from({ length: 32 }, () => texts).flat();

test("a column that was used for one row group serves the next", () => {
  const column = new VariableColumn(1);
  for (const texts of [many("a1", "a1", "b"), many("b", "a1"), ["x"]]) {
    column.clear();
    column.takeNumbered(new NumberedPlace(numbered(texts)), 0, texts.length);
    expect(textsOf(column.content)).toEqual(texts);
  }
});

/** Texts of eight bytes, all with one hash. */
function colliding(count: number): Uint8Array[] {
  const basis = 0x811c9dc5 | 0;
  return Array.from({ length: count }, (_, i) => {
    let state = Math.imul(basis ^ i, 0x01000193);
    state ^= state >>> 15;
    return new Uint8Array(Int32Array.of(i, state ^ 0x12345678).buffer);
  });
}

test("texts that were made to have one hash are put together soon, and stay what they are", () => {
  const some = colliding(1_000);
  expect(new Set(some.map((bytes) => hashWord(bytes, 0, bytes.length))).size).toBe(1);
  const bytes = new Uint8Array(Buffer.concat([...some, ...some]));
  const lengths = new Uint32Array(2_000).fill(8);
  const column = new VariableColumn(1);
  column.clear();
  column.take({ bytes, lengths }, 0, 0, lengths.length);
  const { content } = column;
  if ("entries" in content) throw new Error("texts by number");
  expect(content.lengths).toEqual(lengths);
  expect(content.bytes).toEqual(bytes);
});
