import type { DecodedCache } from "../file/decoded_cache.ts";
import type { DeletedCopies } from "../deletion/deleted_copies.ts";
import type { DiskCache } from "../../objects/disk_cache.ts";
import type { Duckdb } from "../../duckdb/duckdb.ts";
import type { KnownLabels, KnownTexts } from "../series/labels_text.ts";
import type { BlockGuard } from "../integrity/block_guard.ts";
import { acquireFiles } from "../integrity/read_readable.ts";
import type { LogsCache } from "../logs/log_file.ts";
import type { SeriesIndex } from "../series/series_index.ts";
import type { DecodedSeries } from "../metrics/series_pieces.ts";
import type { Block, BlockFiles } from "../../read/store.ts";
import type { DecodedBuckets } from "../tiers/tier_reader.ts";
import type { Deleted } from "../deletion/tombstones.ts";

/** What reading needs; lent by the store. */
export type ReadTools = {
  readonly duckdb: Duckdb;
  readonly files: DiskCache;
  /** Between readers and files: no file is read that it does not lend. */
  readonly guard: BlockGuard;
  readonly decoded: DecodedCache<readonly DecodedSeries[]>;
  readonly labels: DecodedCache<readonly KnownLabels[]>;
  readonly buckets: DecodedCache<readonly DecodedBuckets[]>;
  readonly series: SeriesIndex;
  readonly logs: LogsCache;
  readonly texts: KnownTexts;
  readonly copies: DeletedCopies;
};

/** Where something is deleted from a block, a copy without it. */
export async function filesWithout(
  tools: ReadTools,
  blocks: readonly Block[],
  deleted: Deleted,
  signal: AbortSignal | undefined,
): Promise<BlockFiles> {
  const files = await acquireFiles(tools.guard, blocks, signal);
  if (!blocks.some((block) => deleted.concerns(block))) return files;
  const copies: string[] = [];
  const release = () => {
    files.release();
    for (const path of copies) void tools.copies.remove(path);
  };
  try {
    const paths: string[] = [];
    for (const [i, block] of blocks.entries()) {
      const path = files.paths[i] ?? "";
      if (!deleted.concerns(block)) paths.push(path);
      else {
        const copy = await tools.copies.make(block, path, deleted, signal);
        copies.push(copy);
        paths.push(copy);
      }
    }
    return { paths, release };
  } catch (error) {
    release();
    throw error;
  }
}
