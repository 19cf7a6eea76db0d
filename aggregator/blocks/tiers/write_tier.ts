import type { BlockNote } from "../file/block_metadata.ts";
import { writeFile, type Effort } from "../block_writer.ts";
import type { LocalFile } from "../file/local_file.ts";
import type { Duckdb } from "../../duckdb/duckdb.ts";
import { TierWriter, tierTable } from "./tier_writer.ts";

/** A tier's file of the series that `fill` brings, in order. The note is asked for once all are there. */
export function writeTierRows(
  duckdb: Duckdb,
  folder: string,
  fill: (writer: TierWriter) => Promise<void>,
  effort: Effort,
  note: () => BlockNote | undefined,
): Promise<LocalFile> {
  const target = { folder, effort, note };
  return writeFile(duckdb, target, tierTable, async (connection, table) => {
    const appender = await connection.createAppender(table);
    try {
      const writer = new TierWriter(appender);
      await fill(writer);
      return { ...writer.finish(), columns: writer.columns };
    } finally {
      appender.closeSync();
    }
  });
}
