import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeMetricsFile } from "./block_writer.ts";
import { cutMetricsOf } from "../read/cut_metrics.ts";
import { Duckdb, quoted } from "../duckdb/duckdb.ts";
import { KnownTexts } from "./series/labels_text.ts";
import { readSeriesOfFiles } from "./metrics/metrics_file.ts";
import { compileSelector } from "./series/selector.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-row-groups-"));
const duckdb = new Duckdb({
  memoryBytes: 256 * 1_024 ** 2,
  threads: 2,
  connectionsMax: 2,
  temporaryFolder: join(folder, "spill"),
});
afterAll(async () => {
  await duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

function rowsOf(sql: string): Promise<unknown[][]> {
  return duckdb.use("read", async (connection) => (await connection.runAndReadAll(sql)).getRows());
}

test("writeMetricsFile() makes row groups of 2,048 rows, also where samples fill chunks of fewer", async () => {
  const [count, samples] = [5_000, 100];
  const timestampsMs = Float64Array.from({ length: samples }, (_, i) => 15_000 * i);
  const cut = cutMetricsOf(
    Array.from({ length: count }, (_, series) => ({
      labels: { __name__: "m", series: String(series) },
      key: String(series),
      timestampsMs,
      values: timestampsMs.map((_t, i) => series * samples + i),
    })),
  );
  const file = await writeMetricsFile(duckdb, folder, cut);
  expect(file).toMatchObject({ rows: count, items: count * samples });
  const path = quoted(file.path);
  const groups = await rowsOf(
    `SELECT DISTINCT row_group_id::INT, row_group_num_rows::INT FROM parquet_metadata(${path}) ORDER BY 1`,
  );
  expect(groups).toEqual([
    [0, 2_048],
    [1, 2_048],
    [2, 904],
  ]);
  const [series = []] = await readSeriesOfFiles(
    [file.path],
    compileSelector([], "labels"),
    { span: undefined, presence: false, samplesMax: 1e9, signal: undefined },
    new KnownTexts(),
  );
  expect(new Set(series.map(({ key }) => key)).size).toBe(count);
  for (const { labels, values } of series)
    if (values[0] !== Number(labels.series) * samples || values.length !== samples)
      throw new Error(`${labels.series} has ${values.length} samples from ${values[0]} on`);
});
