import { type Matcher, metricNameLabel } from "#shared/model/labels.ts";
import type { ReadTrace, TracedBlock } from "../read/read_trace.ts";

/** Files that a statement names one by one. */
const filesMax = 200;

/**
 * What the selectors of a query have read, and the SQL that gives the same samples; for `data.stats.lapwing`. `folder` is where the blocks
 * lie, as DuckDB is told.
 */
export function traceJson(traces: readonly ReadTrace[], folder: string) {
  const selectors = traces.map((trace) => selectorJson(trace, folder));
  const sum = (of: (one: (typeof selectors)[number]) => number) =>
    selectors.reduce((total, one) => total + of(one), 0);
  const sumBlocks = (of: (one: (typeof selectors)[number]["resolutions"][number]) => number) =>
    sum(({ resolutions }) => resolutions.reduce((total, one) => total + of(one), 0));
  return {
    blocksLookedAt: sumBlocks(({ blocks }) => blocks),
    blocksOpened: sumBlocks(({ opened }) => opened),
    blocksFromMemory: sumBlocks(({ fromMemory }) => fromMemory),
    fileBytes: sumBlocks(({ fileBytes }) => fileBytes),
    downloadedBytes: sumBlocks(({ downloadedBytes }) => downloadedBytes),
    rowGroups: sum(({ rowGroups }) => rowGroups),
    headSeries: sum(({ headSeries }) => headSeries),
    headSamples: sum(({ headSamples }) => headSamples),
    readTime: sum(({ time }) => time),
    selectors,
  };
}

function selectorJson(trace: ReadTrace, folder: string) {
  const { matchers, startMs, endMs, blocksVisible, rowGroups, headSeries, headSamples } = trace;
  const raw = trace.blocks.filter(({ bucketMs }) => bucketMs === undefined);
  return {
    selector: selectorText(matchers),
    startMs,
    endMs,
    resolutions: trace.byResolution(),
    blocksVisible,
    rowGroups,
    headSeries,
    headSamples,
    series: trace.series,
    samples: trace.samples,
    time: trace.milliseconds / 1_000,
    sql: ownSql(trace),
    parquetSql: raw.length === 0 ? "" : parquetSql(trace, raw, folder),
  };
}

function selectorText(matchers: readonly Matcher[]): string {
  return `{${matchers.map(({ name, op, value }) => `${JSON.stringify(name)}${op}${JSON.stringify(value)}`).join(",")}}`;
}

/** The same of a log query's scans. What lines there were is in Loki's own figures. */
export function logTraceJson(traces: readonly ReadTrace[]) {
  const blocks = traces.flatMap((trace) => trace.byResolution());
  const sum = (of: (one: (typeof blocks)[number]) => number) =>
    blocks.reduce((total, one) => total + of(one), 0);
  return {
    blocksLookedAt: sum((one) => one.blocks),
    blocksOpened: sum((one) => one.opened),
    fileBytes: sum((one) => one.fileBytes),
    downloadedBytes: sum((one) => one.downloadedBytes),
    selectors: traces.map(({ matchers, startMs, endMs, blocksVisible }) => ({
      selector: selectorText(matchers),
      startMs,
      endMs,
      blocksVisible,
    })),
  };
}

/** For Lapwing's own SQL, where `metrics` is the samples of blocks and head. */
function ownSql({ matchers, startMs, endMs }: ReadTrace): string {
  const conditions = matchers.map((matcher) =>
    matcher.name === metricNameLabel
      ? condition("name", matcher)
      : condition(`coalesce(labels[${quoted(matcher.name)}], '')`, matcher),
  );
  return [
    "SELECT timestamp, name, labels, value",
    "FROM metrics",
    `WHERE timestamp BETWEEN make_timestamp_ms(${startMs}) AND make_timestamp_ms(${endMs})`,
    ...conditions.map((text) => `  AND ${text}`),
    "ORDER BY name, labels, timestamp",
  ].join("\n");
}

/** For DuckDB over the files, as docs/formats/parquet.md has it. */
function parquetSql(trace: ReadTrace, raw: readonly TracedBlock[], folder: string): string {
  const { matchers, startMs, endMs } = trace;
  const conditions = matchers.map((matcher) =>
    matcher.name === metricNameLabel
      ? condition("name", matcher)
      : condition(`coalesce(labels->>${quoted(jsonPath(matcher.name))}, '')`, matcher),
  );
  return `SELECT name, labels, make_timestamp_ms(t_min + t_offset) AS timestamp,
  CASE WHEN v_divisor = 0 THEN stored ELSE sum(difference) OVER (
    PARTITION BY name, labels, t_min, file_index, file_row_number
    ORDER BY t_offset ROWS UNBOUNDED PRECEDING) / v_divisor END AS value
FROM (
  SELECT *, CASE WHEN v_divisor = 0 THEN 0
    WHEN stored < 0 THEN stored + 4503599627370496 ELSE stored - 4503599627370496 END AS difference
  FROM (
    SELECT name, labels, t_min, v_divisor, file_index, file_row_number,
      unnest(t) AS t_offset, unnest(v) AS stored
    FROM read_parquet(${filesText(raw, folder)}, union_by_name = true)
    WHERE t_max >= ${startMs} AND t_min <= ${endMs}${conditions.map((text) => `\n      AND ${text}`).join("")}))
QUALIFY t_min + t_offset BETWEEN ${startMs} AND ${endMs}
ORDER BY name, labels, timestamp`;
}

function filesText(blocks: readonly TracedBlock[], folder: string): string {
  if (blocks.length <= filesMax)
    return `[${blocks.map(({ key }) => quoted(`${folder}/${key}`)).join(", ")}]`;
  const [first] = blocks;
  const tenant = first?.key.split("/", 2).join("/") ?? "";
  return quoted(`${folder}/${tenant}/date=*/*.parquet`);
}

function condition(column: string, { op, value }: Matcher): string {
  const text = quoted(value);
  switch (op) {
    case "=":
      return `${column} = ${text}`;
    case "!=":
      return `${column} <> ${text}`;
    case "=~":
      return `regexp_full_match(${column}, ${text}, 's')`;
    case "!~":
      return `NOT regexp_full_match(${column}, ${text}, 's')`;
  }
}

function jsonPath(name: string): string {
  return `$."${name.replaceAll('"', '\\"')}"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
