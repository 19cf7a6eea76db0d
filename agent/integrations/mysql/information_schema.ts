import { canonicalFloat } from "#shared/text/exposition/go_float.ts";
import { type SampleSink, counter, gauge } from "../../collect/samples/family.ts";
import { histogram } from "../../collect/samples/histogram.ts";
import { type SqlRow, labelOf, numberOf } from "../connections/sql_connection.ts";

const pageSize = ["page_size"];
const poolPage = ["page_size", "buffer_pool"];
const prefix = "mysql_info_schema";

export const compressionSql =
  "SELECT page_size, compress_ops, compress_ops_ok, compress_time, uncompress_ops, uncompress_time FROM information_schema.innodb_cmp";
const compression = [
  [
    "compress_ops",
    counter(`${prefix}_innodb_cmp_compress_ops_total`, "Pages that were compressed.", pageSize),
  ],
  [
    "compress_ops_ok",
    counter(
      `${prefix}_innodb_cmp_compress_ops_ok_total`,
      "Pages that were compressed with success.",
      pageSize,
    ),
  ],
  [
    "compress_time",
    counter(
      `${prefix}_innodb_cmp_compress_time_seconds_total`,
      "Time spent compressing pages.",
      pageSize,
    ),
  ],
  [
    "uncompress_ops",
    counter(`${prefix}_innodb_cmp_uncompress_ops_total`, "Pages that were uncompressed.", pageSize),
  ],
  [
    "uncompress_time",
    counter(
      `${prefix}_innodb_cmp_uncompress_time_seconds_total`,
      "Time spent uncompressing pages.",
      pageSize,
    ),
  ],
] as const;

export const compressedMemorySql =
  "SELECT page_size, buffer_pool_instance AS buffer_pool, pages_used, pages_free, relocation_ops, relocation_time / 1000 AS relocation_time FROM information_schema.innodb_cmpmem";
const compressedMemory = [
  [
    "pages_used",
    counter(`${prefix}_innodb_cmpmem_pages_used_total`, "Blocks that are in use.", poolPage),
  ],
  [
    "pages_free",
    counter(`${prefix}_innodb_cmpmem_pages_free_total`, "Blocks that are free.", poolPage),
  ],
  [
    "relocation_ops",
    counter(`${prefix}_innodb_cmpmem_relocation_ops_total`, "Blocks that were moved.", poolPage),
  ],
  [
    "relocation_time",
    counter(
      `${prefix}_innodb_cmpmem_relocation_time_seconds_total`,
      "Time spent moving blocks.",
      poolPage,
    ),
  ],
] as const;

export function addCompression(sink: SampleSink, rows: readonly SqlRow[]): void {
  addColumns(sink, rows, pageSize, compression);
}

export function addCompressedMemory(sink: SampleSink, rows: readonly SqlRow[]): void {
  addColumns(sink, rows, poolPage, compressedMemory);
}

export const threadsSql = `SELECT LOWER(command) AS command, LOWER(IFNULL(state, '')) AS state, COUNT(*) AS threads, SUM(time) AS seconds
  FROM information_schema.processlist WHERE id <> CONNECTION_ID() GROUP BY 1, 2`;
const threadLabels = ["command", "state"];
const threads = [
  ["threads", gauge(`${prefix}_processlist_threads`, "Threads by what they do.", threadLabels)],
  [
    "seconds",
    gauge(
      `${prefix}_processlist_seconds`,
      "Time that these threads have been at it, together.",
      threadLabels,
    ),
  ],
] as const;

/** Threads that wait or work; words as the server has them, with "_" for spaces. */
export function addThreads(sink: SampleSink, rows: readonly SqlRow[]): void {
  for (const row of rows) {
    const values = threadLabels.map((label) => {
      const word = labelOf(row[label])
        .replaceAll(/[^a-z0-9]+/g, "_")
        .replace(/_$/, "");
      return word === "" ? "unknown" : word;
    });
    for (const [column, family] of threads) sink.add(family, numberOf(row[column]) ?? 0, ...values);
  }
}

export function tablesSql(tablesMax: number): string {
  return `SELECT table_schema AS \`schema\`, table_name AS \`table\`, table_rows, data_length, index_length, data_free
    FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('mysql', 'performance_schema', 'information_schema', 'sys')
    ORDER BY data_length + index_length DESC LIMIT ${tablesMax}`;
}
const tableRows = gauge(`${prefix}_table_rows`, "Rows of a table, estimated.", ["schema", "table"]);
const tableSize = gauge(`${prefix}_table_size`, "Bytes of a table by component.", [
  "schema",
  "table",
  "component",
]);

export function addTables(sink: SampleSink, rows: readonly SqlRow[]): void {
  for (const row of rows) {
    const values = [labelOf(row.schema), labelOf(row.table)];
    sink.add(tableRows, numberOf(row.table_rows) ?? 0, ...values);
    for (const component of ["data_length", "index_length", "data_free"])
      sink.add(tableSize, numberOf(row[component]) ?? 0, ...values, component);
  }
}

export const responseTimeSql =
  "SELECT time AS bound, count AS queries, total FROM information_schema.query_response_time";
const responseTime = histogram(
  `${prefix}_query_response_time_seconds`,
  "How long queries took; of the plugin query_response_time.",
  [],
);

/** Buckets in ascending order; the last, "TOO LONG", has no bound. */
export function addResponseTime(sink: SampleSink, rows: readonly SqlRow[]): void {
  let count = 0;
  let sum = 0;
  for (const row of rows) {
    count += numberOf(row.queries) ?? 0;
    sum += Number(labelOf(row.total).trim()) || 0;
    const bound = Number(labelOf(row.bound).trim());
    if (bound > 0) sink.add(responseTime.bucket, count, canonicalFloat(bound));
  }
  sink.add(responseTime.bucket, count, "+Inf");
  sink.add(responseTime.count, count);
  sink.add(responseTime.sum, sum);
}

function addColumns(
  sink: SampleSink,
  rows: readonly SqlRow[],
  labels: readonly string[],
  columns: readonly (readonly [string, ReturnType<typeof counter>])[],
): void {
  for (const row of rows) {
    const values = labels.map((label) => labelOf(row[label]));
    for (const [column, family] of columns) {
      const value = numberOf(row[column]);
      if (value !== undefined) sink.add(family, value, ...values);
    }
  }
}
