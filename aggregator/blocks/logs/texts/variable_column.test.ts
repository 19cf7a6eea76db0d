import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ByteReader } from "#proto/codec/byte_reader.ts";
import { ByteWriter } from "#proto/codec/byte_writer.ts";
import { VariableColumns } from "#proto/codec/variable_columns.ts";
import { readVariables } from "#proto/codec/variable_reader.ts";
import type { ApartTexts } from "#shared/model/line_columns.ts";
import type { ShapedVariables } from "#shared/model/shaped_variables.ts";
import type { WrittenTexts } from "../write/logs_texts.ts";
import { ByteSink } from "../../parquet/byte_sink.ts";
import { GroupWords } from "../search/group_words.ts";
import { expandShape } from "./shape_bytes.ts";
import { PatternedPlace } from "./patterned_place.ts";
import { ShapedCursor } from "./shaped_cursor.ts";
import type { SplitTexts } from "./split_texts.ts";
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

const digitsOf = (text: string) => text.replaceAll(/[^0-9]/g, "");

/** What a block has of the texts. */
function patterned(texts: readonly string[]): ApartTexts {
  const patterns = [...new Set(texts.map((text) => text.replaceAll(/[0-9]/g, "0")))];
  const { bytes, lengths } = plain(patterns);
  const starts = new Uint32Array(patterns.length + 1);
  for (const [i, length] of lengths.entries()) starts[i + 1] = (starts[i] ?? 0) + length;
  return {
    numbers: Uint16Array.from(texts, (text) => patterns.indexOf(text.replaceAll(/[0-9]/g, "0"))),
    patterns: {
      bytes,
      starts,
      digitCounts: Uint32Array.from(patterns, (text) => digitsOf(text).length),
    },
    digits: new Uint8Array(Buffer.from(texts.map(digitsOf).join(""))),
  };
}

function textsOf(content: WrittenTexts | SplitTexts): string[] {
  const into = new ByteSink(2 ** 20);
  if (!("shapes" in content)) {
    let end = 0;
    return Array.from(content.lengths, (length) =>
      Buffer.from(content.bytes.subarray(end, (end += length))).toString(),
    );
  }
  let digit = 0;
  return Array.from(content.numbers, (number, i) => {
    const shape = content.shapes[number] ?? new Uint8Array();
    into.clear();
    expandShape(shape, 0, shape.length, content.digits, digit, into);
    digit += content.digitCounts[i] ?? 0;
    return Buffer.from(into.written()).toString();
  });
}

function searched(content: WrittenTexts | SplitTexts) {
  const words = new GroupWords();
  words.clear();
  const longest = words.take(content);
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
  times: fc.constantFrom(1, 5),
  source: fc.constantFrom("texts", "frame", "block"),
  from: fc.nat(40),
});

test("texts that come whole or apart from their digits, from frames or blocks, are the same column, and have the same words", () => {
  const column = new VariableColumn(1);
  let split = 0;
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
      column.clear();
      const wanted: string[] = [];
      for (const { texts, times, source, from } of pieces) {
        const given = Array.from({ length: times }, () => texts).flat();
        wanted.push(...given);
        if (source === "texts") column.take(plain(given), 0, 0, given.length);
        else if (source === "block") {
          const place = new PatternedPlace(patterned(given));
          const half = Math.min(from, given.length);
          const middle = column.take(place, 0, 0, half);
          expect(middle).toBe(place.endOf(0, 0, half));
          column.take(place, half, middle, given.length - half);
        } else {
          const cursor = new ShapedCursor(shaped(given));
          const templates = Uint32Array.from(given, (_, i) => i % 2);
          column.takeShaped(cursor, 0, templates.subarray(0, from));
          column.takeShaped(cursor, 0, templates.subarray(from));
        }
      }
      const { content } = column;
      if ("shapes" in content) split++;
      expect(textsOf(content)).toEqual(wanted);
      expect(searched(content)).toEqual(searched(plain(wanted)));
    }),
    { numRuns: 100 },
  );
  expect(split).toBeGreaterThan(30);
});

test("texts whose shapes hardly come again are put together, also those that come afterwards", () => {
  const ids = Array.from({ length: 9_000 }, (_, i) => Bun.hash.xxHash64(`${i}`).toString(16));
  const column = new VariableColumn(1);
  column.clear();
  for (const part of [ids.slice(0, 8_000), ids.slice(8_000)])
    column.takeShaped(
      new ShapedCursor(shaped(part)),
      0,
      Uint32Array.from(part, (_, i) => i % 2),
    );
  column.take(new PatternedPlace(patterned(ids.slice(0, 500))), 0, 0, 500);
  expect("shapes" in column.content).toBe(false);
  expect(textsOf(column.content)).toEqual([...ids, ...ids.slice(0, 500)]);
});

test("a run of digits that a frame tells in pieces is one shape with those that are told in one", () => {
  const known = shaped(["a7654321b", "a1234567b"]);
  const bytes = Uint8Array.from(Buffer.from("a34b"));
  const inPieces = { ...known, shapes: { ...known.shapes, bytes, ends: Uint32Array.of(4) } };
  const column = new VariableColumn(1);
  column.clear();
  for (let i = 0; i < 20; i++)
    for (const variables of [known, inPieces])
      column.takeShaped(new ShapedCursor(variables), 0, Uint32Array.of(0, 1));
  const { content } = column;
  if (!("shapes" in content)) throw new Error("not taken apart");
  expect(content.shapes.map((shape) => Buffer.from(shape).toString())).toEqual(["a7b"]);
  expect(new Set(textsOf(content))).toEqual(new Set(["a7654321b", "a1234567b"]));
});
