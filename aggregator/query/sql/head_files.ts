import { rm } from "node:fs/promises";
import { OperatingError } from "#shared/errors.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { Head } from "../../read/head.ts";
import { writeMetricsFile } from "../../blocks/block_writer.ts";
import { cutMetricsOf } from "../../read/cut_metrics.ts";
import type { Duckdb } from "../../duckdb/duckdb.ts";
import { writeLogsFile } from "../../blocks/logs/write/logs_file.ts";
import type { BlockView, Store } from "../../read/store.ts";
import type { LogPart } from "../../read/log_parts.ts";

export type SqlHead = Pick<Head, "selectSamples" | "logParts">;

/** Blocks and head of one moment, the head as files; readable until released. */
export type Snapshot = {
  readonly view: BlockView;
  readonly metricsFiles: readonly string[];
  readonly logsFiles: readonly string[];
};

/** More of the head is refused ("overloaded"), not left out. */
const samplesMax = 20_000_000;
const recordsMax = 2_000_000;
/** All times that can be. */
const farMs = 8.64e15;
const allNs = { startNs: -(2n ** 63n), endNs: 2n ** 63n - 1n };

/** Writes the head's content of a tenant beside the view of the same tick. */
export async function takeSnapshot(
  duckdb: Duckdb,
  folder: string,
  store: Pick<Store, "view">,
  head: SqlHead,
  tenant: string,
): Promise<Snapshot> {
  // No await between these three: an item is in the head or in a block, never in both.
  const view = store.view();
  const range = { tenant, matchers: [], startMs: -farMs, endMs: farMs };
  const series = head.selectSamples({ ...range, samplesMax });
  const parts = head.logParts({
    ...range,
    ...allNs,
    lineFilters: [],
    direction: "forward",
    needs: { bodies: true, attributes: true },
  });
  const metrics =
    series.length === 0 ? [] : [await writeMetricsFile(duckdb, folder, cutMetricsOf(series))];
  const batches = await batchesOf(parts);
  const logs = batches.length === 0 ? [] : [await writeLogsFile(folder, batches)];
  return {
    view,
    metricsFiles: metrics.map(({ path }) => path),
    logsFiles: logs.map(({ path }) => path),
  };
}

export async function removeSnapshot({ metricsFiles, logsFiles }: Snapshot): Promise<void> {
  for (const path of [...metricsFiles, ...logsFiles]) await rm(path, { force: true });
}

/** Nothing is asked of the records, so each part gives all of its batch. */
async function batchesOf(parts: readonly LogPart[]): Promise<LogsBatch[]> {
  const records = parts.reduce((sum, { items }) => sum + items, 0);
  if (records > recordsMax) {
    const message = `${records} log records wait for their block, and a statement reads ${recordsMax} of them at most: ask again after the next flush`;
    throw new OperatingError("overloaded", message, { limit: "read_bytes" });
  }
  const batches: LogsBatch[] = [];
  for (const part of parts) for await (const { batch } of part.slices(allNs)) batches.push(batch);
  return batches;
}
