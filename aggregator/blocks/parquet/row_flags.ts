import { ThriftReader } from "./thrift.ts";
import { UnsupportedParquet } from "./unsupported.ts";

const eight = 8;
const bitsOf = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte.toString(2).replaceAll("0", "").length,
);

/** Runs of one flag, and eights of packed ones: rows [from, to), and where packed flags begin, or the flag of all below zero. */
type Run = {
  readonly from: number;
  readonly to: number;
  readonly packedAt: number;
  readonly isPresent: boolean;
};

/** Which rows of a page have a value, as it is written: levels of one bit. What is made of it is made when it is asked for. */
export class RowFlags {
  /** Rows that have a value. */
  readonly count: number;
  readonly #bytes: Uint8Array;
  readonly #runs: readonly Run[];
  readonly #rows: number;

  /** Throws UnsupportedParquet. */
  constructor(bytes: Uint8Array, rows: number) {
    this.#bytes = bytes;
    this.#rows = rows;
    this.#runs = runsOf(bytes, rows);
    let count = 0;
    for (const { from, to, packedAt, isPresent } of this.#runs) {
      if (packedAt < 0) count += isPresent ? to - from : 0;
      else
        for (let row = from; row < to; row += eight)
          count += bitsOf[this.#byteOf(row, from, to, packedAt)] ?? 0;
    }
    this.count = count;
  }

  /** 1 where a row has a value. */
  flags(): Uint8Array {
    const flags = new Uint8Array(this.#rows);
    for (const { from, to, packedAt, isPresent } of this.#runs) {
      if (packedAt < 0) flags.fill(Number(isPresent), from, to);
      else
        for (let row = from; row < to; row++)
          flags[row] =
            ((this.#bytes[packedAt + ((row - from) >> 3)] ?? 0) >> ((row - from) & 7)) & 1;
    }
    return flags;
  }

  /** The row of each value, ascending. */
  rows(): Uint32Array {
    const rows = new Uint32Array(this.count);
    let value = 0;
    for (const { from, to, packedAt, isPresent } of this.#runs) {
      if (packedAt < 0) {
        if (isPresent) for (let row = from; row < to; row++) rows[value++] = row;
        continue;
      }
      for (let first = from; first < to; first += eight) {
        let byte = this.#byteOf(first, from, to, packedAt);
        for (let row = first; byte !== 0; row++, byte >>= 1)
          if ((byte & 1) === 1) rows[value++] = row;
      }
    }
    return rows;
  }

  /** Flags of the eight rows from `row` on; those of rows that the page does not have are not among them. */
  #byteOf(row: number, from: number, to: number, packedAt: number): number {
    const byte = this.#bytes[packedAt + ((row - from) >> 3)] ?? 0;
    return to - row >= eight ? byte : byte & ((1 << (to - row)) - 1);
  }
}

function runsOf(bytes: Uint8Array, rows: number): Run[] {
  const runs: Run[] = [];
  const reader = new ThriftReader(bytes);
  for (let from = 0; from < rows;) {
    const head = reader.varint();
    const isPacked = head % 2 === 1;
    const count = isPacked ? ((head - 1) / 2) * eight : head / 2;
    if (count === 0) throw new UnsupportedParquet("an empty run");
    const to = Math.min(rows, from + count);
    const packedAt = isPacked ? reader.at : -1;
    runs.push({ from, to, packedAt, isPresent: !isPacked && ((bytes[reader.at] ?? 0) & 1) === 1 });
    reader.at += isPacked ? count / eight : 1;
    from = to;
  }
  return runs;
}
