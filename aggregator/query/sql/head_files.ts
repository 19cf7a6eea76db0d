import { rm } from "node:fs/promises";
import type { Labels } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { Head } from "../../read/head.ts";
import { writeMetricsFile } from "../../blocks/block_writer.ts";
import { cutMetricsOf } from "../../read/cut_metrics.ts";
import type { Duckdb } from "../../duckdb/duckdb.ts";
import { writeLogsFile } from "../../blocks/logs/write/logs_file.ts";
import type { BlockView, Store } from "../../read/store.ts";
import type { LogRecord } from "../../read/source.ts";

export type SqlHead = Pick<Head, "selectSamples" | "selectLogs">;

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
  const records = head.selectLogs({
    ...range,
    lineFilters: [],
    startNs: -(2n ** 63n),
    endNs: 2n ** 63n - 1n,
    limit: recordsMax,
    direction: "forward",
  });
  const metrics =
    series.length === 0 ? [] : [await writeMetricsFile(duckdb, folder, cutMetricsOf(series))];
  const logs = records.length === 0 ? [] : [await writeLogsFile(folder, [batchOf(records)])];
  return {
    view,
    metricsFiles: metrics.map(({ path }) => path),
    logsFiles: logs.map(({ path }) => path),
  };
}

export async function removeSnapshot({ metricsFiles, logsFiles }: Snapshot): Promise<void> {
  for (const path of [...metricsFiles, ...logsFiles]) await rm(path, { force: true });
}

function batchOf(records: readonly LogRecord[]): LogsBatch {
  const streams: Labels[] = [];
  const known = new Map<string, number>();
  const count = records.length;
  const bodies: Uint8Array[] = [];
  const bodyEnds = new Uint32Array(count);
  const streamOf = new Uint32Array(count);
  const timestampsMs = new Float64Array(count);
  const nanos = new Uint32Array(count);
  const severities = new Uint8Array(count);
  let end = 0;
  for (const [i, record] of records.entries()) {
    const key = labelsKey(record.stream);
    const stream = known.get(key) ?? streams.push(record.stream) - 1;
    known.set(key, stream);
    const body = Buffer.from(record.body);
    bodies.push(body);
    bodyEnds[i] = end += body.length;
    streamOf[i] = stream;
    const nsWithin = ((record.timestampNs % 1_000_000n) + 1_000_000n) % 1_000_000n;
    timestampsMs[i] = Number((record.timestampNs - nsWithin) / 1_000_000n);
    nanos[i] = Number(nsWithin);
    severities[i] = record.severity;
  }
  const attributes = records.map((record) => record.attributes);
  const all = new Uint8Array(Buffer.concat(bodies));
  return { streams, streamOf, timestampsMs, nanos, severities, bodies: all, bodyEnds, attributes };
}
