import { type ColumnPages, readColumnPages } from "./column_pages.ts";
import type { ColumnChunk } from "./footer.ts";
import { UnsupportedParquet } from "./unsupported.ts";

type Packed = { readonly chunk: ColumnChunk; readonly bytes: Uint8Array };

/** Columns of a row group as they were read, to be unpacked one by one as they are needed. */
export class PackedColumns {
  readonly #columns: ReadonlyMap<string, Packed>;

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
    return readColumnPages(chunk, bytes);
  }

  #column(path: string): Packed {
    const column = this.#columns.get(path);
    if (column === undefined) throw new UnsupportedParquet(`no column ${path}`);
    return column;
  }
}
