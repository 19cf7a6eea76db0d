import { quoted } from "../../duckdb/duckdb.ts";
import { type ViewSpan, rowsWithin } from "./views.ts";

/** Files of one tier, by the width of its buckets in milliseconds. */
export type TierPaths = ReadonlyMap<number, readonly string[]>;

/**
 * The view `metrics_tiers`: a row a bucket, of all tiers, which are told apart by `bucket_seconds`. Rebuilds what docs/formats/parquet.md
 * describes; stale markers and native histograms are left out.
 */
export function tiersView(tiers: TierPaths, span?: ViewSpan): string {
  const parts = [...tiers].map(([bucketMs, paths]) => tierRows(bucketMs, paths, span));
  if (parts.length > 0) return `CREATE TEMP VIEW metrics_tiers AS ${parts.join(" UNION ALL ")}`;
  return `CREATE TEMP VIEW metrics_tiers AS SELECT NULL::BIGINT AS bucket_seconds,
    NULL::TIMESTAMP AS timestamp, NULL::VARCHAR AS name, NULL::MAP(VARCHAR, VARCHAR) AS labels,
    NULL::UINTEGER AS count, NULL::DOUBLE AS sum, NULL::DOUBLE AS min, NULL::DOUBLE AS max,
    NULL::DOUBLE AS first, NULL::DOUBLE AS last, NULL::DOUBLE AS increase WHERE false`;
}

const coded = ["last", "first", "sum", "min", "max", "resets"] as const;

function tierRows(bucketMs: number, paths: readonly string[], span: ViewSpan | undefined): string {
  const list = paths.map((path) => quoted(path)).join(", ");
  const until = span === undefined ? "" : ` AND t_min + t_offset <= ${span.endMs}`;
  const lists = coded.map((name) => `${name}_divisor, unnest(${name}) AS ${name}_stored`);
  return `(
    SELECT ${bucketMs / 1_000}::BIGINT AS bucket_seconds, make_timestamp_ms(t_min + t_offset) AS timestamp,
      name, labels::JSON::MAP(VARCHAR, VARCHAR) AS labels, entries AS count, sum_value AS sum,
      coalesce(min_value, first_value, last_value) AS min, coalesce(max_value, last_value) AS max,
      coalesce(first_value, last_value) AS first, last_value AS last,
      last_value - coalesce(first_value, last_value) + coalesce(resets_value, 0) AS increase
    FROM (
      SELECT *, ${coded.map(valueOf).join(", ")}
      FROM (
        SELECT name, labels, t_min, file_index, file_row_number, unnest(t) AS t_offset,
          unnest(count) AS entries, ${lists.join(", ")}
        FROM read_parquet([${list}], hive_partitioning = false, union_by_name = true)${rowsWithin(span)})
      WINDOW so_far AS (PARTITION BY name, labels, t_min, file_index, file_row_number
        ORDER BY t_offset ROWS UNBOUNDED PRECEDING))
    WHERE entries > 0 AND last_value IS NOT NULL${until})`;
}

/** As `v` of a raw block is read. */
function valueOf(name: (typeof coded)[number]): string {
  const stored = `${name}_stored`;
  return `CASE WHEN ${name}_divisor = 0 THEN ${stored}
    ELSE sum(CASE WHEN ${name}_divisor = 0 THEN 0 WHEN ${stored} < 0 THEN ${stored} + 4503599627370496
      ELSE ${stored} - 4503599627370496 END) OVER so_far / ${name}_divisor END AS ${name}_value`;
}
