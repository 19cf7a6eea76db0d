import type { DuckDBConnection } from "@duckdb/node-api";
import { throwIfAborted, type Duckdb } from "../../duckdb/duckdb.ts";
import { type Reader, type ReadBlocks, readReadable } from "../integrity/read_readable.ts";

type Tools = ReadBlocks & { readonly duckdb: Duckdb };

/** Reads blocks by DuckDB while their files are local; undefined for a damaged block. */
export async function readFiles<Row>(
  tools: Tools,
  reader: Reader,
  read: (connection: DuckDBConnection, paths: readonly string[]) => Promise<Row[]>,
): Promise<(Row | undefined)[]> {
  const { signal } = reader;
  throwIfAborted(signal);
  return readReadable(tools, reader, (paths) =>
    tools.duckdb.use("read blocks", (connection) => read(connection, paths), signal),
  );
}

/** Reads blocks while their files are local, by block: those that `own` gives undefined for are left to DuckDB. Nothing of a damaged block. */
export async function readFilesOwnFirst<Series>(
  tools: Tools,
  reader: Reader,
  own: (paths: readonly string[]) => Promise<readonly (readonly Series[] | undefined)[]>,
  others: (
    connection: DuckDBConnection,
    paths: readonly string[],
  ) => Promise<readonly (readonly Series[])[]>,
): Promise<(readonly Series[])[]> {
  const { signal } = reader;
  throwIfAborted(signal);
  const files = await readReadable(tools, reader, async (paths) => {
    const read = await own(paths);
    const left = paths.filter((_, i) => read[i] === undefined);
    if (left.length === 0) return read;
    const more = await tools.duckdb.use(
      "read blocks",
      (connection) => others(connection, left),
      signal,
    );
    let next = 0;
    return read.map((series) => series ?? more[next++]);
  });
  return files.map((series) => series ?? []);
}
