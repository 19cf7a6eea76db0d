import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { logsColumns } from "../logs_columns.ts";
import { TextColumn as WrittenColumn } from "../logs_texts.ts";
import { ByteSink } from "../parquet/byte_sink.ts";
import { parseFooter } from "../parquet/footer.ts";
import { ParquetWriter } from "../parquet/parquet_writer.ts";
import { TextSplitter } from "./split_texts.ts";
import { TextColumn } from "./text_values.ts";

const splitter = new TextSplitter();

/** Writes texts as the first variable and its digits, and reads them; null: a row without one. */
function throughFile(texts: readonly (string | null)[]) {
  const pieces: Uint8Array[] = [];
  const schema = logsColumns.filter(({ name }) => name === "v0" || name === "d0");
  const writer = new ParquetWriter(schema, 3, (bytes) => pieces.push(bytes.slice()));
  const column = new WrittenColumn(1);
  column.clear();
  for (const text of texts) if (text !== null) column.add(Buffer.from(text));
  const isPresent = Uint8Array.from(texts, (text) => Number(text !== null));
  writer.rowGroup(texts.length, column.splitPages(isPresent, new ByteSink(), splitter));
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
  return { texts: new TextColumn(read("v0"), read("d0")), digits: new TextColumn(read("d0")) };
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
    fc.property(rows, fc.constantFrom(1, 9), (some, times) => {
      const wanted = Array.from({ length: times }, () => some).flat();
      const { texts, digits: apart } = throughFile(wanted);
      if (!apart.isEmpty) split++;
      for (const needle of ["-", ".é.", "9", "9-", "blk_", "x", "\u0000"])
        if (wanted.some((one) => one?.includes(needle)))
          expect(texts.mayHold(Buffer.from(needle))).toBe(true);
      const lengths = new Uint32Array(wanted.length);
      texts.addLengths(lengths);
      expect(Array.from(lengths)).toEqual(wanted.map((one) => Buffer.byteLength(one ?? "")));
      expect(rowsOf(texts, wanted.length)).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
  expect(split).toBeGreaterThan(50);
});

test("a needle is not in texts whose shapes do not have it", () => {
  const dates = Array.from({ length: 100 }, (_, i) => `2005-12-${10 + (i % 20)}`);
  const { texts, digits: apart } = throughFile(dates);
  expect(apart.isEmpty).toBe(false);
  expect(texts.mayHold(Buffer.from("/"))).toBe(false);
  // No text has five digits in a row, so that none has to be put together.
  expect(texts.mayHold(Buffer.from("12345"))).toBe(false);
  expect(texts.patterns()).toBeDefined();
  expect(texts.mayHold(Buffer.from("-12-2"))).toBe(true);
  expect(texts.mayHold(Buffer.from("-13-"))).toBe(false);
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
