import { storeError } from "../../read/storage_error.ts";
import { ParquetFile } from "../../blocks/parquet/parquet_file.ts";
import { UnsupportedParquet } from "../../blocks/parquet/unsupported.ts";
import type { Block } from "../../read/store.ts";

/** More are forgotten: a look at a footer is cheap. */
const knownMax = 100_000;

/** DuckDB reads a file of whatever version as if it knew it, so its version is looked at before, once a block. */
export class CheckedBlocks {
  readonly #known = new Set<string>();

  /** Throws OperatingError where a newer version wrote one. */
  async check(blocks: readonly Block[], paths: readonly string[]): Promise<void> {
    for (const [i, { id }] of blocks.entries()) {
      const path = paths[i];
      if (path === undefined || this.#known.has(id)) continue;
      try {
        const file = await ParquetFile.open(path);
        await file.close();
      } catch (cause) {
        // A footer that only DuckDB reads is one of before there were versions.
        if (!(cause instanceof UnsupportedParquet)) throw storeError("SQL", cause);
      }
      if (this.#known.size >= knownMax) this.#known.clear();
      this.#known.add(id);
    }
  }
}
