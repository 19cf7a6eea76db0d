import { assertNever } from "#shared/assert.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { type Labels, type Matcher, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { LogQuery, MetricQuery } from "#shared/query_language/logql/ast.ts";
import { printSelector } from "#shared/query_language/logql/print.ts";
import { parseLogql } from "../../log_pipeline/parse_query.ts";
import type { PromqlConfig } from "../../query/promql/engine.ts";
import { type PlannedRead, explainInstant } from "../../query/promql/explain.ts";
import type { SqlEngine } from "../../query/sql.ts";
import type { StatementRead } from "../../query/sql/statement_reads.ts";
import type { LogsSource, MetricsSource } from "../../read/source.ts";
import type { ExpressionLanguage } from "../rule.ts";

/** What one selector of an expression reads. Unix milliseconds, both inclusive. */
export type ReadCost = {
  readonly selector: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Series, or streams of logs; undefined where they are not known. */
  readonly series: number | undefined;
  /** Samples, or lines; undefined where they are not known. */
  readonly samples: number | undefined;
};

/** What one evaluation of an expression reads. */
export type ExpressionCost = {
  /** undefined where that of a read is. */
  readonly series: number | undefined;
  readonly samples: number | undefined;
  readonly reads: readonly ReadCost[];
};

export type CostParts = {
  readonly metrics: Pick<MetricsSource, "series" | "select">;
  readonly logs: Pick<LogsSource, "scan">;
  readonly sql: Pick<SqlEngine, "reads">;
  readonly promql: PromqlConfig;
  readonly tenant: string;
  readonly signal?: AbortSignal;
};

/** Series of a selector that are looked at to find out how many samples each has. */
const lookedAtMax = 5;
/** Samples of one of them. */
const samplesMax = 5_000_000;

/**
 * What an evaluation at a time (Unix milliseconds) would read, without evaluating. Series are counted by the index of series. Samples of a
 * range are those of a few series, spread over all of them, times their number. Lines are counted without reading them. Of SQL, its
 * conditions on `name` and `timestamp` count. Throws PromqlError, LogqlError and OperatingError.
 */
export async function expressionCost(
  { expr, language }: { readonly expr: string; readonly language: ExpressionLanguage },
  timeMs: number,
  parts: CostParts,
): Promise<ExpressionCost> {
  const reads: ReadCost[] = [];
  switch (language) {
    case "promql":
      for (const read of explainInstant(expr, timeMs, parts.promql))
        reads.push(await metricsCost(read, parts));
      break;
    case "logql": {
      const seen = new Set<string>();
      for (const read of logReads(parseLogql(expr), timeMs)) {
        const key = JSON.stringify(read);
        if (!seen.has(key)) reads.push(await linesCost(read, parts));
        seen.add(key);
      }
      break;
    }
    case "sql":
      for (const read of await parts.sql.reads({ sql: expr, timeMs, ...abortingBy(parts) }))
        reads.push(await statementCost(read, parts));
      break;
    default:
      return assertNever(language);
  }
  const sum = (of: (read: ReadCost) => number | undefined) =>
    reads.reduce<number | undefined>((all, read) => added(all, of(read)), 0);
  return { series: sum(({ series }) => series), samples: sum(({ samples }) => samples), reads };
}

function added(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

function abortingBy({ signal }: CostParts): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** One scan of a view. Conditions on labels and lines do not make it read less. */
async function statementCost(
  { view, names, startMs: since, endMs }: StatementRead,
  parts: CostParts,
): Promise<ReadCost> {
  const startMs = Math.max(0, since);
  switch (view) {
    case "metrics": {
      const matchers = [namesMatcher(names)];
      return metricsCost({ matchers, startMs, endMs, isNewest: false }, parts);
    }
    case "logs":
      return linesCost({ matchers: [], startMs, endMs }, parts);
    case "metrics_tiers": {
      const selector = `metrics_tiers${printSelector([namesMatcher(names)])}`;
      // No index counts the buckets of tiers.
      return { selector, startMs, endMs, series: undefined, samples: undefined };
    }
    default:
      return assertNever(view);
  }
}

function namesMatcher(names: readonly string[] | undefined): Matcher {
  const [only = ""] = names ?? [];
  if (names?.length === 1) return { name: metricNameLabel, op: "=", value: only };
  const value = names === undefined ? ".+" : names.map(escapedRegex).join("|");
  return { name: metricNameLabel, op: "=~", value };
}

function escapedRegex(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

async function metricsCost(
  { matchers, startMs, endMs, isNewest }: PlannedRead,
  parts: CostParts,
): Promise<ReadCost> {
  const { metrics, tenant } = parts;
  const aborting = abortingBy(parts);
  const found = await metrics.series({
    tenant,
    selectors: [matchers],
    startMs,
    endMs,
    ...aborting,
  });
  let samples = found.length;
  if (!isNewest && found.length > 0) {
    const some = spread(found);
    let count = 0;
    for (const labels of some) {
      const exact = Object.entries(labels).map(([name, value]): Matcher => ({
        name,
        op: "=",
        value,
      }));
      const request = { tenant, matchers: exact, startMs, endMs, ...aborting };
      const series = await metrics.select({ ...request, samplesMax });
      const key = labelsKey(labels);
      count += series.find((one) => labelsKey(one.labels) === key)?.values.length ?? 0;
    }
    samples = Math.round((count / some.length) * found.length);
  }
  return { selector: printSelector(matchers), startMs, endMs, series: found.length, samples };
}

/** A few, from the first to the last. */
function spread(series: readonly Labels[]): readonly Labels[] {
  if (series.length <= lookedAtMax) return series;
  return Array.from({ length: lookedAtMax }, (_, i) => {
    const place = Math.round((i * (series.length - 1)) / (lookedAtMax - 1));
    return series[place] ?? {};
  });
}

type LogRead = Pick<PlannedRead, "matchers" | "startMs" | "endMs">;

/** Ranges of lines that an instant query reads. */
function* logReads(query: LogQuery | MetricQuery, timeMs: number): Generator<LogRead> {
  switch (query.kind) {
    case "log":
    case "number":
    case "vector":
      return;
    case "range":
      yield logRead(query, timeMs);
      return;
    case "aggregate":
    case "label_replace":
      yield* logReads(query.of, timeMs);
      return;
    case "binary":
      yield* logReads(query.left, timeMs);
      yield* logReads(query.right, timeMs);
      return;
    case "variants":
      yield logRead(query.of, timeMs);
      return;
    default:
      assertNever(query);
  }
}

function logRead(
  { log, rangeMs, offsetMs }: { log: LogQuery; rangeMs: number; offsetMs: number },
  timeMs: number,
): LogRead {
  const endMs = timeMs - offsetMs;
  return { matchers: log.matchers, startMs: endMs - rangeMs, endMs };
}

async function linesCost(
  { matchers, startMs, endMs }: LogRead,
  { logs, tenant, signal }: CostParts,
): Promise<ReadCost> {
  const streams = new Set<string>();
  let lines = 0;
  const slices = logs.scan({
    tenant,
    matchers,
    lineFilters: [],
    startNs: nsOf(startMs) + 1n,
    endNs: nsOf(endMs) + 1n,
    direction: "forward",
    needs: { bodies: false, attributes: false },
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const step of slices)
    for (const { batch, rows } of step) {
      if (isTurnOver()) await nextTurn();
      lines += rows.length;
      const seen = new Set<number>();
      for (const row of rows) seen.add(batch.streamOf[row] ?? 0);
      for (const stream of seen) streams.add(labelsKey(batch.streams[stream] ?? {}));
    }
  const series = streams.size;
  return { selector: printSelector(matchers), startMs, endMs, series, samples: lines };
}

function nsOf(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}
