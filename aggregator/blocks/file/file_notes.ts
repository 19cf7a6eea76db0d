import type { DuckDBConnection } from "@duckdb/node-api";
import { parseNote, type FileNote } from "./block_metadata.ts";
import { quoted } from "../../duckdb/duckdb.ts";
import { checkVersion, versionKey } from "./format_version.ts";

/** The notes of some Parquet files, in their order; undefined for a file without one. Throws UnknownFormat. */
export async function readNotes(
  connection: DuckDBConnection,
  paths: readonly string[],
): Promise<(FileNote | undefined)[]> {
  if (paths.length === 0) return [];
  const list = paths.map((path) => quoted(path)).join(", ");
  const reader = await connection.runAndReadAll(
    `SELECT file_name, decode(key), decode(value) FROM parquet_kv_metadata([${list}])
      WHERE decode(key) = '${versionKey}' OR starts_with(decode(key), 'lapwing_')`,
  );
  const byFile = new Map<string, Map<string, string>>();
  for (const [file, key, value] of reader.getRows()) {
    let pairs = byFile.get(String(file));
    if (pairs === undefined) byFile.set(String(file), (pairs = new Map()));
    pairs.set(String(key), String(value));
  }
  return paths.map((path) => {
    const pairs = byFile.get(path) ?? new Map<string, string>();
    checkVersion(pairs);
    return parseNote(pairs);
  });
}
