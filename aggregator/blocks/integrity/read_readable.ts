import type { MissingBlocks } from "../../read/missing_blocks.ts";
import type { Lease } from "../../objects/disk_cache.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import type { Block, BlockFiles } from "../../read/store.ts";
import type { BlockGuard } from "./block_guard.ts";
import { type Damage, DamagedBlock, missingBlock } from "./damage.ts";

/** What reads blocks. */
export type ReadBlocks = { readonly guard: BlockGuard };

/** Which blocks are read, for whom. */
export type Reader = {
  readonly blocks: readonly Block[];
  readonly signal: AbortSignal | undefined;
  /** Called with the blocks that are left out. */
  readonly missing: MissingBlocks | undefined;
};

/** Files made local at the same time. */
const downloadsMax = 8;

/**
 * Reads the files of blocks, leaving out those that are damaged: `read` is given the paths of the others and gives one result
 * for each. Gives results by block, undefined for a damaged one.
 */
export async function readReadable<Result>(
  { guard }: ReadBlocks,
  reader: Reader,
  read: (
    paths: readonly string[],
    readable: readonly Block[],
  ) => Promise<readonly (Result | undefined)[]>,
): Promise<(Result | undefined)[]> {
  const lend = (some: readonly Block[]) => acquireFiles(guard, some, reader.signal);
  const byBlock = await withReadable(guard, reader, lend, async (paths, some) => {
    if (some.length === 0) return new Map<Block, Result | undefined>();
    const results = await read(paths, some);
    return new Map(some.map((block, i) => [block, results[i]]));
  });
  return reader.blocks.map((block) => byBlock.get(block));
}

/**
 * Uses the files of those blocks that are not damaged. Where that fails because a file was damaged since it was compared,
 * it is done again without that one.
 */
export async function withReadable<Result>(
  guard: BlockGuard,
  { blocks, missing }: Reader,
  lend: (blocks: readonly Block[]) => Promise<BlockFiles>,
  use: (paths: readonly string[], readable: readonly Block[]) => Promise<Result>,
): Promise<Result> {
  let left = blocks;
  // Each turn but the last finds at least one more that is damaged.
  for (;;) {
    const some = readableBlocks(guard, left, missing);
    try {
      const files = await lend(some);
      try {
        return await use(files.paths, some);
      } finally {
        files.release();
      }
    } catch (error) {
      const damages = await guard.explain(error, some);
      if (damages.length === 0) throw error;
      for (const damage of damages) noteDamage(damage, missing);
      const gone = new Set(damages.map(({ block }) => block.id));
      left = some.filter(({ id }) => !gone.has(id));
    }
  }
}

/** Those that are not known to be damaged; the others are added to `missing`. */
export function readableBlocks(
  guard: BlockGuard,
  blocks: readonly Block[],
  missing: MissingBlocks | undefined,
): readonly Block[] {
  const readable = guard.readable(blocks);
  if (readable.length < blocks.length)
    for (const block of blocks) noteDamage(guard.damageOf(block), missing);
  return readable;
}

export function noteDamage(damage: Damage | undefined, missing: MissingBlocks | undefined): void {
  if (damage !== undefined) missing?.add(missingBlock(damage));
}

/** Local files of blocks, in their order, until released. Throws DamagedBlock, once all others are known to be whole or damaged too. */
export async function acquireFiles(
  guard: BlockGuard,
  blocks: readonly Block[],
  signal: AbortSignal | undefined,
): Promise<BlockFiles> {
  const leases: Lease[] = [];
  const release = () => {
    for (const lease of leases) lease.release();
  };
  let damaged: DamagedBlock | undefined;
  try {
    for (let i = 0; i < blocks.length; i += downloadsMax) {
      throwIfAborted(signal);
      const some = await Promise.allSettled(
        blocks.slice(i, i + downloadsMax).map((block) => guard.acquire(block)),
      );
      for (const one of some) if (one.status === "fulfilled") leases.push(one.value);
      for (const one of some) {
        if (one.status === "fulfilled") continue;
        if (!(one.reason instanceof DamagedBlock)) throw one.reason;
        damaged = one.reason;
      }
    }
    if (damaged !== undefined) throw damaged;
  } catch (error) {
    release();
    throw error;
  }
  return { paths: leases.map(({ path }) => path), release };
}
