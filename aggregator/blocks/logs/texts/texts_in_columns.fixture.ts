import * as fc from "fast-check";
import { type FlatColumn } from "../../parquet/flat_pages.ts";
import { parseFooter } from "../../parquet/footer.ts";
import {
  type ColumnPages,
  type ColumnSchema,
  ParquetWriter,
} from "../../parquet/parquet_writer.ts";
import type { TextTest } from "./text_tests.ts";
import type { TextColumn } from "./text_values.ts";

/** Writes columns as a file of one row group. Returns a function that gives the bytes of a column by name. */
export function throughFile(
  schema: readonly ColumnSchema[],
  pages: Iterable<ColumnPages>,
  rows: number,
): (name: string) => FlatColumn {
  const pieces: Uint8Array[] = [];
  const writer = new ParquetWriter(schema, 3, (bytes) => pieces.push(bytes.slice()));
  writer.rowGroup(rows, pages);
  writer.finish([]);
  const file = Buffer.concat(pieces);
  const footerEnd = file.length - 8;
  const footer = file.subarray(footerEnd - file.readUInt32LE(footerEnd), footerEnd);
  const [group] = parseFooter(footer).groups;
  return (name) => {
    const chunk = group?.columns.get(name);
    if (chunk === undefined) throw new Error(`no column ${name}`);
    return { chunk, bytes: file.subarray(chunk.offset, chunk.offset + chunk.bytes), rows };
  };
}

/** The text of each row. */
export function rowsOf({ bytes, ends, rowOf }: TextColumn, rows: number): (string | null)[] {
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
export const text = fc.oneof(
  fc.tuple(digits(4), digits(2)).map(([a, b]) => `${a}-${b}-${b}`),
  fc.tuple(digits(3), digits(3)).map(([a, b]) => `${a}.é.${b}`),
  digits(30).map((run) => `blk_${run}`),
  digits(30),
  fc.constantFrom("", "-", "x", "9", "99999999910", "\u0000"),
);

/** A piece of one of the texts, or something else; with a digit changed or not. */
export const piece = fc.record({
  is: fc.constantFrom("within", "prefix", "suffix", "equal"),
  row: fc.nat(),
  from: fc.nat(),
  length: fc.oneof(fc.nat(3), fc.nat(40)),
  change: fc.option(fc.nat(), { freq: 4 }),
  other: fc.option(fc.constantFrom("-", ".é.", "9", "0", "77", "blk_", "_1", "1-", ""), {
    freq: 3,
  }),
});

export function testOf(
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

export function isRight(whole: Buffer, { is, bytes }: TextTest): boolean {
  if (is === "within") return whole.includes(bytes);
  if (is === "equal") return whole.equals(bytes);
  const end = is === "prefix" ? whole.subarray(0, bytes.length) : whole.subarray(-bytes.length);
  return bytes.length === 0 || end.equals(bytes);
}
