import type { DiskCache, Lease } from "./disk_cache.ts";
import { throwIfAborted, type Duckdb } from "./duckdb.ts";
import type { Block, BlockFiles } from "./store.ts";

/** Files made local at the same time. */
const downloadsMax = 8;

/** Reads blocks by DuckDB while their files are local. */
export async function readFiles<Row>(
  tools: { readonly duckdb: Duckdb; readonly files: DiskCache },
  blocks: readonly Block[],
  signal: AbortSignal | undefined,
  read: (
    connection: Parameters<Parameters<Duckdb["use"]>[1]>[0],
    paths: readonly string[],
  ) => Promise<Row[]>,
): Promise<Row[]> {
  throwIfAborted(signal);
  if (blocks.length === 0) return [];
  const files = await acquireFiles(tools.files, blocks, signal);
  try {
    return await tools.duckdb.use(
      "read blocks",
      (connection) => read(connection, files.paths),
      signal,
    );
  } finally {
    files.release();
  }
}

/** Reads blocks while their files are local, by block: those that `own` gives undefined for are left to DuckDB. */
export async function readFilesOwnFirst<Series>(
  tools: { readonly duckdb: Duckdb; readonly files: DiskCache },
  blocks: readonly Block[],
  signal: AbortSignal | undefined,
  own: (paths: readonly string[]) => Promise<readonly (readonly Series[] | undefined)[]>,
  others: (
    connection: Parameters<Parameters<Duckdb["use"]>[1]>[0],
    paths: readonly string[],
  ) => Promise<readonly (readonly Series[])[]>,
): Promise<(readonly Series[])[]> {
  throwIfAborted(signal);
  if (blocks.length === 0) return [];
  const files = await acquireFiles(tools.files, blocks, signal);
  try {
    const read = await own(files.paths);
    const left = files.paths.filter((_, i) => read[i] === undefined);
    if (left.length === 0) return read.map((series) => series ?? []);
    const more = await tools.duckdb.use(
      "read blocks",
      (connection) => others(connection, left),
      signal,
    );
    let next = 0;
    return read.map((series) => series ?? more[next++] ?? []);
  } finally {
    files.release();
  }
}

/** Local files of blocks, in their order, until released. */
export async function acquireFiles(
  cache: DiskCache,
  blocks: readonly Block[],
  signal: AbortSignal | undefined,
): Promise<BlockFiles> {
  const leases: Lease[] = [];
  const release = () => {
    for (const lease of leases) lease.release();
  };
  try {
    for (let i = 0; i < blocks.length; i += downloadsMax) {
      throwIfAborted(signal);
      const some = await Promise.allSettled(
        blocks.slice(i, i + downloadsMax).map(({ key, bytes }) => cache.acquire(key, bytes)),
      );
      for (const one of some) if (one.status === "fulfilled") leases.push(one.value);
      for (const one of some) if (one.status === "rejected") throw one.reason;
    }
  } catch (error) {
    release();
    throw error;
  }
  return { paths: leases.map(({ path }) => path), release };
}
