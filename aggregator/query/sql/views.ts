import { quoted } from "../../store/duckdb.ts";
import { digitsColumn, variableColumns } from "../../store/logs_columns.ts";

/**
 * The views that users query. `metrics` rebuilds the samples as docs/formats/parquet.md says; name and labels are among the partition's
 * columns, so that conditions on them are pushed below the window to the files.
 */
export function metricsView(paths: readonly string[]): string {
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
        FROM ${files(paths)}))`;
}

export function logsView(paths: readonly string[]): string {
  if (paths.length === 0)
    return `CREATE TEMP VIEW logs AS SELECT NULL::TIMESTAMP_NS AS timestamp, NULL::MAP(VARCHAR, VARCHAR) AS stream,
      NULL::UTINYINT AS severity, NULL::VARCHAR AS body, NULL::MAP(VARCHAR, VARCHAR) AS attributes,
      NULL::VARCHAR AS template WHERE false`;
  return `CREATE TEMP VIEW logs AS
    SELECT make_timestamp_ns(ts) AS timestamp, stream::JSON::MAP(VARCHAR, VARCHAR) AS stream,
      severity, coalesce(body, ${lineOf("parts")}) AS body,
      attributes::JSON::MAP(VARCHAR, VARCHAR) AS attributes, template
    FROM ${logFiles(paths)} LEFT JOIN (
      SELECT template, string_split_regex(template, '<\\d+>') AS parts
      FROM (SELECT DISTINCT template FROM ${logFiles(paths)}) WHERE template IS NOT NULL
    ) USING (template)`;
}

/** The line of a template's constant parts and the variables between them; NULL where there are no parts. */
function lineOf(parts: string): string {
  const pieces = variableColumns.map(
    (name, v) => `${parts}[${v + 1}], ${filled(name, digitsColumn(name))}`,
  );
  return `CASE WHEN ${parts} IS NOT NULL THEN concat(${pieces.join(", ")}, ${parts}[${pieces.length + 1}]) END`;
}

/**
 * A variable with its digits back in: each digit n of the shape stands for the next n of `digits`. They are taken from the front of a text that
 * begins with all of them and a colon, and put at its end.
 */
function filled(shape: string, digits: string): string {
  return `CASE WHEN ${digits} IS NULL THEN ${shape} ELSE substr(list_reduce(
    list_prepend(${digits} || ':', regexp_extract_all(${shape}, '[1-9]|[^1-9]+')),
    lambda filling, piece: CASE WHEN length(piece) = 1 AND piece BETWEEN '1' AND '9'
      THEN substr(filling, piece::INTEGER + 1) || substr(filling, 1, piece::INTEGER)
      ELSE filling || piece END), 2) END`;
}

/** Older files hold whole bodies alone: an empty relation with all columns makes them alike. */
function logFiles(paths: readonly string[]): string {
  const list = paths.map((path) => quoted(path)).join(", ");
  const columns = variableColumns.flatMap((name) => [name, digitsColumn(name)]);
  const names = ["template", ...columns].map((name) => `NULL::VARCHAR AS ${name}`);
  return `(SELECT * FROM read_parquet([${list}], hive_partitioning = false, union_by_name = true)
    UNION ALL BY NAME SELECT ${names.join(", ")} WHERE false)`;
}

function files(paths: readonly string[]): string {
  const list = paths.map((path) => quoted(path)).join(", ");
  return `read_parquet([${list}], hive_partitioning = false)`;
}
