import { throwIfAborted } from "../../duckdb/duckdb.ts";
import { storeError } from "../../read/storage_error.ts";
import type { RowGroup } from "../parquet/footer.ts";
import { ParquetFile } from "../parquet/parquet_file.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";

export type OwnFiles = {
  readonly paths: readonly string[];
  /** Under work at the same time: while one is read or unpacked, another is decoded. */
  readonly filesAtOnce: number;
  /** Files with others are left alone. */
  readonly knownColumns: ReadonlySet<string>;
  /** Where no row group is looked at from the first on that this is true for. */
  readonly isPast?: (group: RowGroup) => boolean;
  readonly signal: AbortSignal | undefined;
};

/**
 * Reads files of metrics without DuckDB, by file; one of another form than `read` and its columns know is undefined. Throws
 * OperatingError, also what `read` throws of it.
 */
export async function readOwnFiles<Result>(
  { paths, filesAtOnce, knownColumns, isPast, signal }: OwnFiles,
  read: (file: ParquetFile) => Promise<Result>,
): Promise<(Result | undefined)[]> {
  const readOne = async (path: string): Promise<Result | undefined> => {
    throwIfAborted(signal);
    let file: ParquetFile | undefined;
    try {
      file = await ParquetFile.open(path, undefined, isPast);
      for (const name of file.footer.groups[0]?.columns.paths() ?? [])
        if (!knownColumns.has(name)) throw new UnsupportedParquet(`column ${name}`);
      return await read(file);
    } catch (cause) {
      if (cause instanceof UnsupportedParquet) return undefined;
      throw storeError(`read ${path}`, cause);
    } finally {
      await file?.close();
    }
  };
  const results: (Result | undefined)[] = paths.map(() => undefined);
  let next = 0;
  const work = async () => {
    for (let i = next++; i < paths.length; i = next++) results[i] = await readOne(paths[i] ?? "");
  };
  await Promise.all(Array.from({ length: filesAtOnce }, work));
  return results;
}
