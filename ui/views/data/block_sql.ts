import { type BuiltInSignal, signalOf } from "#shared/signals.ts";
import type { BlockRow } from "../../client/storage/data_service.ts";

/** Where a block's file lies, as DuckDB opens it. */
export function blockAddress(storeUrl: string, key: string): string {
  const base = storeUrl.startsWith("file://") ? decodeURI(new URL(storeUrl).pathname) : storeUrl;
  return `${base.replace(/\/+$/, "")}/${key}`;
}

/** SQL that gives what is in a block, in DuckDB's dialect (docs/formats/parquet.md). */
export function blockSql({ signal, bucketMs }: BlockRow, address: string): string {
  const file = `'${address.replaceAll("'", "''")}'`;
  const known = signalOf(signal);
  const sql = known === undefined ? "SELECT * FROM read_parquet(FILE)" : sqlOf[known](bucketMs);
  return sql.replace("FILE", () => file);
}

const sqlOf: Readonly<Record<BuiltInSignal, (bucketMs: number) => string>> = {
  metrics: (bucketMs) => (bucketMs > 0 ? tierSql : sampleSql),
  logs: () => logSql,
};

/** Values are kept as differences of integers: the running sum gives them back, bit by bit. */
const sampleSql = `SELECT
  name,
  labels,
  t_min + t_offset AS timestamp_ms,
  CASE
    WHEN v_divisor = 0 THEN stored
    ELSE sum(difference) OVER (
      PARTITION BY name, labels, t_min, file_index, file_row_number
      ORDER BY t_offset ROWS UNBOUNDED PRECEDING
    ) / v_divisor
  END AS value
FROM (
  SELECT
    *,
    CASE
      WHEN v_divisor = 0 THEN 0
      WHEN stored < 0 THEN stored + 4503599627370496
      ELSE stored - 4503599627370496
    END AS difference
  FROM (
    SELECT
      name, labels, t_min, v_divisor, file_index, file_row_number,
      unnest(t) AS t_offset,
      unnest(v) AS stored
    FROM read_parquet(FILE)
  )
)
ORDER BY name, labels, timestamp_ms`;

const tierSql = `-- Series and their buckets; values: docs/formats/parquet.md, Tiers
SELECT name, labels, to_timestamp(t_min / 1000) AS first_bucket, len(t) AS buckets
FROM read_parquet(FILE)
ORDER BY name, labels, t_min`;

const logSql = `-- Streams and templates; whole lines: docs/formats/parquet.md, Logs
SELECT stream, severity, template, count(*) AS lines,
  to_timestamp(min(ts) / 1e9) AS first, to_timestamp(max(ts) / 1e9) AS last
FROM read_parquet(FILE)
GROUP BY ALL
ORDER BY lines DESC`;
