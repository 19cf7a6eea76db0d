import { type ColumnPages, readColumnPages, releasePages } from "./column_pages.ts";
import type { ColumnChunk } from "./footer.ts";
import { UnsupportedParquet } from "./unsupported.ts";

type Packed = { readonly chunk: ColumnChunk; readonly bytes: Uint8Array };

/** Columns of a row group as they were read, to be unpacked one by one as they are needed. */
export class PackedColumns {
  readonly #columns: ReadonlyMap<string, Packed>;
  readonly #unpacked: Promise<ColumnPages>[] = [];

  constructor(columns: readonly Packed[]) {
    this.#columns = new Map(columns.map((column) => [column.chunk.path, column]));
  }

  /** As it lies in the file. Throws UnsupportedParquet for one that was not read. */
  bytes(path: string): Uint8Array {
    return this.#column(path).bytes;
  }

  /** Throws UnsupportedParquet. */
  pages(path: string): Promise<ColumnPages> {
    const { chunk, bytes } = this.#column(path);
    const pages = readColumnPages(chunk, bytes);
    this.#unpacked.push(pages);
    return pages;
  }

  /**
   * Gives back the memory of all pages, which nobody may read any more. A row group unpacks to megabytes: left to the garbage collector, each
   * file of a read would take new ones, and the kernel's handing them out takes longer than the unpacking.
   */
  async release(): Promise<void> {
    for (const pages of this.#unpacked) releasePages(await pages);
    this.#unpacked.length = 0;
  }

  #column(path: string): Packed {
    const column = this.#columns.get(path);
    if (column === undefined) throw new UnsupportedParquet(`no column ${path}`);
    return column;
  }
}
