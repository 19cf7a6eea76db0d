import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ByteSink } from "../../parquet/byte_sink.ts";
import { presenceOf } from "../../parquet/presence.ts";
import { TextColumn } from "./text_values.ts";
import { isRight, piece, rowsOf, testOf, text, throughFile } from "./texts_in_columns.fixture.ts";
import { VariableColumn } from "./variable_column.ts";

const v0 = { name: "v0", type: "text", isOptional: true } as const;

/** Writes texts as a variable. Returns a function that reads them; null: a row without one. */
function written(texts: readonly (string | null)[]) {
  const column = new VariableColumn(1);
  column.clear();
  for (const one of texts) {
    if (one === null) continue;
    const bytes = Buffer.from(one);
    column.take({ bytes, lengths: Uint32Array.of(bytes.length) }, 0, 0, 1);
  }
  const presence = presenceOf(Uint8Array.from(texts, (one) => Number(one !== null)));
  const sinks = { page: new ByteSink(), texts: new ByteSink() };
  const pages = column.pages(column.content, presence, sinks);
  const read = throughFile([v0], [pages], texts.length);
  return Object.assign(() => new TextColumn(read("v0")), { bytes: read("v0").bytes.length });
}

const rows = fc.array(fc.option(text), { minLength: 1, maxLength: 60 });

test("texts come back, with a dictionary and without", () => {
  let numbered = 0;
  const runs = 200;
  fc.assert(
    fc.property(rows, fc.constantFrom(1, 30), (some, times) => {
      const wanted = Array.from({ length: times }, () => some).flat();
      const texts = written(wanted)();
      const lengths = new Uint32Array(wanted.length);
      texts.addLengths(lengths);
      expect(Array.from(lengths)).toEqual(wanted.map((one) => Buffer.byteLength(one ?? "")));
      if (texts.numbered !== undefined) numbered++;
      for (const cursor of [texts.cursor(), texts.fewCursor()])
        for (let row = 0; row < wanted.length; row += times + 1) {
          const isThere = cursor.seek(row);
          const bytes = Buffer.from(cursor.bytes.subarray(cursor.start, cursor.end));
          expect(isThere ? bytes.toString() : null).toBe(wanted[row] ?? null);
        }
      expect(rowsOf(texts, wanted.length)).toEqual(wanted);
    }),
    { numRuns: runs },
  );
  expect(numbered).toBeGreaterThan(runs / 4);
  expect(numbered).toBeLessThan(runs);
});

test("texts are found as they are when put together", () => {
  let found = 0;
  fc.assert(
    fc.property(
      rows,
      fc.constantFrom(1, 30),
      fc.array(piece, { minLength: 9, maxLength: 9 }),
      (some, times, pieces) => {
        const wanted = Array.from({ length: times }, () => some).flat();
        const read = written(wanted);
        const texts = read();
        for (const one of pieces) {
          const asked = testOf(one, wanted);
          if (asked.bytes.length === 0 && asked.is !== "equal") continue;
          const expected = wanted.flatMap((text_, row) =>
            text_ !== null && isRight(Buffer.from(text_), asked) ? [row] : [],
          );
          found += expected.length;
          expect({ asked, rows: texts.rowsWith(asked) }).toEqual({ asked, rows: expected });
          const filled = read();
          expect(filled.bytes).toBeDefined();
          expect(filled.rowsWith(asked)).toEqual(expected);
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(found).toBeGreaterThan(1_000);
});

test("the numbers of a dictionary are not unpacked for a search in vain", () => {
  const hosts = Array.from({ length: 9_000 }, (_, i) => `10.0.${i % 17}.${i % 11}`);
  const texts = written(hosts)();
  const { memory } = texts;
  expect(texts.rowsWith({ is: "within", bytes: Buffer.from("12.11") })).toEqual([]);
  expect(texts.memory).toBe(memory);
  expect(texts.rowsWith({ is: "equal", bytes: Buffer.from("10.0.16.10") })).toEqual(
    hosts.flatMap((host, row) => (host === "10.0.16.10" ? [row] : [])),
  );
  expect(texts.memory).toBeGreaterThan(memory);
  expect(texts.numbered?.starts).toHaveLength(17 * 11 + 1);
});

test("times that ascend come back, and take no more than what is new in each", () => {
  const times = Array.from({ length: 9_000 }, (_, i) => new Date(1e12 + 977 * i).toISOString());
  const texts = written([...times, "", "2001", ...times.slice(0, 9)]);
  expect(rowsOf(texts(), 9_011)).toEqual([...times, "", "2001", ...times.slice(0, 9)]);
  expect(texts().rowsWith({ is: "suffix", bytes: Buffer.from("53:03.113Z") })).toEqual(
    times.flatMap((time, row) => (time.endsWith("53:03.113Z") ? [row] : [])),
  );
  expect(texts.bytes / times.length).toBeLessThan(2.5);
});

test("texts that hardly come again have no dictionary", () => {
  const ids = Array.from({ length: 9_000 }, (_, i) => Bun.hash.xxHash64(`${i}`).toString(16));
  const texts = written(ids)();
  expect(texts.numbered).toBeUndefined();
  expect(rowsOf(texts, ids.length)).toEqual(ids);
});
