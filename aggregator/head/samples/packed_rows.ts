// Hot: guarded by `bench pace`, `bench ingest`.

/**
 * Rows of samples, column by column, in less than a third of their memory: most columns of a scrape stay as they are for minutes, and the others change
 * in a few bytes. A column is its first value and, where it changes, for each row the bytes that differ from that: those between the lowest
 * and the highest byte that any row changes. Every value keeps its 64 bits.
 *
 * Layout of `bytes`, from `offsets[column]` on: one byte (lowest changed byte | how many << 4), the first value (8 bytes), then so many bytes
 * a row, for all rows but the first.
 */
export type PackedRows = { readonly offsets: Uint32Array; readonly bytes: Uint8Array };

const headBytes = 9;
let scratch = new Uint8Array(64 * 1_024);

/** Packs `rows` rows of `width` values, whose words these are. */
export function packRows(words: Uint32Array, rows: number, width: number): PackedRows {
  const most = width * (headBytes + 8 * (rows - 1));
  if (scratch.length < most) scratch = new Uint8Array(most);
  const into = scratch;
  const offsets = new Uint32Array(width);
  let at = 0;
  for (let column = 0; column < width; column++) {
    offsets[column] = at;
    const low = words[2 * column] ?? 0;
    const high = words[2 * column + 1] ?? 0;
    let changedLow = 0;
    let changedHigh = 0;
    for (let row = 1, i = 2 * (width + column); row < rows; row++, i += 2 * width) {
      changedLow |= (words[i] ?? 0) ^ low;
      changedHigh |= (words[i + 1] ?? 0) ^ high;
    }
    const from = changedLow === 0 ? 4 + lowestByte(changedHigh) : lowestByte(changedLow);
    const to = changedHigh === 0 ? highestByte(changedLow) : 4 + highestByte(changedHigh);
    const count = changedLow === 0 && changedHigh === 0 ? 0 : to - from + 1;
    into[at++] = (count === 0 ? 0 : from) | (count << 4);
    for (let shift = 0; shift < 32; shift += 8) into[at++] = low >>> shift;
    for (let shift = 0; shift < 32; shift += 8) into[at++] = high >>> shift;
    if (count === 0) continue;
    for (let row = 1, i = 2 * (width + column); row < rows; row++, i += 2 * width) {
      const rowLow = words[i] ?? 0;
      const rowHigh = words[i + 1] ?? 0;
      for (let byte = from; byte <= to; byte++)
        into[at++] = byte < 4 ? rowLow >>> (8 * byte) : rowHigh >>> (8 * (byte - 4));
    }
  }
  return { offsets, bytes: into.slice(0, at) };
}

/** Writes the words of a column's `rows` values into `into`, from its start on. */
export function unpackColumn(
  { offsets, bytes }: PackedRows,
  column: number,
  rows: number,
  into: Uint32Array,
): void {
  let at = offsets[column] ?? 0;
  const kind = bytes[at] ?? 0;
  const from = kind & 15;
  const count = kind >> 4;
  const low = wordAt(bytes, at + 1);
  const high = wordAt(bytes, at + 5);
  at += headBytes;
  into[0] = low;
  into[1] = high;
  for (let row = 1; row < rows; row++) {
    let rowLow = low;
    let rowHigh = high;
    for (let byte = from; byte < from + count; byte++) {
      const value = bytes[at++] ?? 0;
      if (byte < 4) rowLow = (rowLow & ~(255 << (8 * byte))) | (value << (8 * byte));
      else rowHigh = (rowHigh & ~(255 << (8 * (byte - 4)))) | (value << (8 * (byte - 4)));
    }
    into[2 * row] = rowLow;
    into[2 * row + 1] = rowHigh;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

/** Of a word that is not 0. */
function lowestByte(word: number): number {
  return (31 - Math.clz32(word & -word)) >> 3;
}

function highestByte(word: number): number {
  return (31 - Math.clz32(word)) >> 3;
}
