import { type FileHandle, open } from "node:fs/promises";
import { type ColumnChunk, type Footer, parseFooter, type RowGroup } from "./footer.ts";
import { checkVersion } from "../file/format_version.ts";
import { PackedColumns } from "./packed_columns.ts";
import { UnsupportedParquet } from "./unsupported.ts";

/** Read at the end at first: footers of blocks are a few kilobytes. */
const tailBytes = 32 * 1_024;
const footerBytesMax = 64 * 2 ** 20;
const magic = 0x31524150;
/** Bytes between columns that are read with them rather than apart. */
const gapMax = 16 * 1_024;

/** A Parquet file on this machine, open until closed. */
export class ParquetFile {
  readonly footer: Footer;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, footer: Footer) {
    this.#handle = handle;
    this.footer = footer;
  }

  /**
   * `footer` where it was read before; row groups from the first that `isPast` on are left out, and key-value pairs then, too. Throws
   * UnsupportedParquet, UnknownFormat, and what the filesystem says.
   */
  static async open(
    path: string,
    footer?: Footer,
    isPast?: (group: RowGroup) => boolean,
  ): Promise<ParquetFile> {
    const handle = await open(path, "r");
    try {
      if (footer !== undefined) return new ParquetFile(handle, footer);
      const read = await readFooter(handle, isPast);
      checkVersion(read.pairs);
      return new ParquetFile(handle, read);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** Bytes from a place on. */
  bytesAt(at: number, length: number): Promise<Uint8Array> {
    return readExactly(this.#handle, at, length);
  }

  /** The bytes of some columns of one row group, in the order asked for; read at once, so they should lie near each other. */
  async bytesOf(chunks: readonly ColumnChunk[]): Promise<Uint8Array[]> {
    const from = Math.min(...chunks.map(({ offset }) => offset));
    const to = Math.max(...chunks.map(({ offset, bytes }) => offset + bytes));
    const all = await readExactly(this.#handle, from, to - from);
    return chunks.map(({ offset, bytes }) => all.subarray(offset - from, offset - from + bytes));
  }

  /** The bytes of some columns, in the order of the file: those that lie near each other are read at once. */
  async nearBytes(
    chunks: readonly ColumnChunk[],
  ): Promise<{ readonly chunk: ColumnChunk; readonly bytes: Uint8Array }[]> {
    const runs: ColumnChunk[][] = [];
    let end = -Infinity;
    for (const chunk of chunks.toSorted((a, b) => a.offset - b.offset)) {
      const run = chunk.offset - end <= gapMax ? runs.at(-1) : undefined;
      if (run === undefined) runs.push([chunk]);
      else run.push(chunk);
      end = chunk.offset + chunk.bytes;
    }
    const read: { chunk: ColumnChunk; bytes: Uint8Array }[] = [];
    for (const run of runs) {
      const pieces = await this.bytesOf(run);
      for (const [i, chunk] of run.entries())
        read.push({ chunk, bytes: pieces[i] ?? new Uint8Array() });
    }
    return read;
  }

  /** Some columns of one row group. They should lie near each other: all from the first to the last are read. Throws UnsupportedParquet. */
  async packed(group: RowGroup, paths: readonly string[]): Promise<PackedColumns> {
    const chunks = paths.map((path) => {
      const chunk = group.columns.get(path);
      if (chunk === undefined) throw new UnsupportedParquet(`no column ${path}`);
      return chunk;
    });
    const pieces = await this.bytesOf(chunks);
    return new PackedColumns(
      chunks.map((chunk, i) => ({ chunk, bytes: pieces[i] ?? new Uint8Array() })),
    );
  }
}

async function readFooter(
  handle: FileHandle,
  isPast?: (group: RowGroup) => boolean,
): Promise<Footer> {
  const { size } = await handle.stat();
  const tail = await readExactly(handle, Math.max(0, size - tailBytes), Math.min(size, tailBytes));
  const length = footerLength(tail, size);
  if (length + 8 <= tail.length)
    return parseFooter(tail.subarray(tail.length - 8 - length, -8), isPast);
  return parseFooter(await readExactly(handle, size - 8 - length, length), isPast);
}

/** Bytes of the footer of a file of `size` bytes that ends in `tail`. Throws UnsupportedParquet. */
export function footerLength(tail: Uint8Array, size: number): number {
  const end = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  if (tail.length < 12 || end.getUint32(tail.length - 4, true) !== magic)
    throw new UnsupportedParquet("no footer");
  const length = end.getUint32(tail.length - 8, true);
  if (length > Math.min(size - 8, footerBytesMax))
    throw new UnsupportedParquet(`a footer of ${length} bytes`);
  return length;
}

async function readExactly(handle: FileHandle, at: number, length: number): Promise<Uint8Array> {
  if (!(length >= 0 && length <= footerBytesMax * 4))
    throw new UnsupportedParquet(`a piece of ${length} bytes`);
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) throw new UnsupportedParquet("the file is cut off");
    read += bytesRead;
  }
  return bytes;
}
