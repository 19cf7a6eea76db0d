import { quoted } from "../../duckdb/duckdb.ts";

/** What a view shows: items up to `endMs`. Those before `startMs` may be left out. Unix milliseconds. */
export type ViewSpan = { readonly startMs: number; readonly endMs: number };

/**
 * The views that users query. `metrics` rebuilds the samples as docs/formats/parquet.md says; name and labels are among the partition's
 * columns, so that conditions on them are pushed below the window to the files.
 */
export function metricsView(paths: readonly string[], span?: ViewSpan): string {
  if (paths.length === 0)
    return `CREATE TEMP VIEW metrics AS SELECT NULL::TIMESTAMP AS timestamp, NULL::VARCHAR AS name,
      NULL::MAP(VARCHAR, VARCHAR) AS labels, NULL::DOUBLE AS value WHERE false`;
  return `CREATE TEMP VIEW metrics AS
    SELECT make_timestamp_ms(t_min + t_offset) AS timestamp, name,
      labels::JSON::MAP(VARCHAR, VARCHAR) AS labels,
      CASE WHEN v_divisor = 0 THEN stored ELSE sum(difference) OVER (
        PARTITION BY name, labels, t_min, file_index, file_row_number ORDER BY t_offset
        ROWS UNBOUNDED PRECEDING) / v_divisor END AS value
    FROM (
      SELECT *, CASE WHEN v_divisor = 0 THEN 0 WHEN stored < 0 THEN stored + 4503599627370496
        ELSE stored - 4503599627370496 END AS difference
      FROM (
        SELECT name, labels, t_min, v_divisor, file_index, file_row_number,
          unnest(t) AS t_offset, unnest(v) AS stored
        FROM ${files(paths)}${rowsWithin(span)}))${until(span)}`;
}

/** `lineFunction` is the name of a LineFunction of the same files, in the same order. */
export function logsView(
  paths: readonly string[],
  lineFunction = lineFunctionName,
  span?: ViewSpan,
): string {
  if (paths.length === 0)
    return `CREATE TEMP VIEW logs AS SELECT NULL::TIMESTAMP_NS AS timestamp, NULL::MAP(VARCHAR, VARCHAR) AS stream,
      NULL::UTINYINT AS severity, NULL::VARCHAR AS body, NULL::MAP(VARCHAR, VARCHAR) AS attributes,
      NULL::VARCHAR AS template WHERE false`;
  const list = paths.map((path) => quoted(path)).join(", ");
  // Older files hold whole bodies alone: an empty relation with the column makes them alike.
  return `CREATE TEMP VIEW logs AS
    SELECT make_timestamp_ns(ts) AS timestamp, stream::JSON::MAP(VARCHAR, VARCHAR) AS stream, severity,
      CASE WHEN template IS NULL THEN body
        ELSE ${lineFunction}(file_index::INTEGER, file_row_number::INTEGER) END AS body,
      attributes::JSON::MAP(VARCHAR, VARCHAR) AS attributes, template
    FROM (
      SELECT *, file_index, file_row_number
      FROM read_parquet([${list}], hive_partitioning = false, union_by_name = true)${recordsWithin(span)}
      UNION ALL BY NAME SELECT NULL::VARCHAR AS template WHERE false)`;
}

/** The function that makes the lines in users' queries; they do not call it themselves. */
export const lineFunctionName = "lapwing_line";

/** Rows of series that have samples in a span, for the innermost SELECT: files know the times of their rows. */
export function rowsWithin(span: ViewSpan | undefined): string {
  return span === undefined ? "" : ` WHERE t_max >= ${span.startMs} AND t_min <= ${span.endMs}`;
}

function until(span: ViewSpan | undefined): string {
  return span === undefined ? "" : ` WHERE t_min + t_offset <= ${span.endMs}`;
}

function recordsWithin(span: ViewSpan | undefined): string {
  if (span === undefined) return "";
  return ` WHERE ts >= ${span.startMs} * 1000000 AND ts <= ${span.endMs} * 1000000`;
}

function files(paths: readonly string[]): string {
  const list = paths.map((path) => quoted(path)).join(", ");
  return `read_parquet([${list}], hive_partitioning = false)`;
}
