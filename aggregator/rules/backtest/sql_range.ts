import { OperatingError } from "#shared/errors.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { printedLabels } from "#shared/model/printed_labels.ts";
import type { SqlEngine, SqlRequest, SqlResult } from "../../query/sql.ts";
import type { AskRange, RangeSeries } from "./backtest.ts";
import type { RuleSample } from "../rule.ts";
import { sqlSamples } from "../sql/sql_samples.ts";
import { refuseSqlSteps } from "./sql_steps.ts";

/** Between evaluations of the past, the head need not be written out again. */
const headAgeMaxMs = 60_000;

/** Runs a statement as of a time, in a process of its own, with the limits of `query.sql`. */
export type SqlAt = (
  request: Pick<SqlRequest, "sql" | "headAgeMaxMs" | "signal"> & { readonly timeMs: number },
) => Promise<SqlResult>;

export function sqlAtOf({ query }: Pick<SqlEngine, "query">, tenant: string): SqlAt {
  return (request) => query({ tenant, ...request });
}

/** A statement's rows as of a time. Throws OperatingError where it fails, or where data are incomplete. */
export async function sqlVector(
  sql: SqlAt,
  request: Parameters<SqlAt>[0],
): Promise<readonly RuleSample[]> {
  const answer = await sql(request);
  if (answer.isPartial === true)
    throw new OperatingError(
      "unavailable",
      `the data are incomplete: ${answer.warnings.join("; ")}`,
    );
  return sqlSamples(answer);
}

type Series = RangeSeries & { readonly timesMs: number[]; readonly values: number[] };

/**
 * Evaluates a statement at each step of a span, one after the other. Throws OperatingError as sqlVector() does, "bad_request" for too many
 * steps, and the signal's reason.
 */
export async function sqlRange(
  sql: SqlAt,
  statement: string,
  { startMs, endMs, stepMs }: Parameters<AskRange>[1],
  signal: AbortSignal,
): Promise<readonly RangeSeries[]> {
  refuseSqlSteps(Math.floor((endMs - startMs) / stepMs) + 1);
  const found = new Map<string, Series>();
  for (let timeMs = startMs; timeMs <= endMs; timeMs += stepMs) {
    signal.throwIfAborted();
    const request = { sql: statement, timeMs, headAgeMaxMs, signal };
    for (const { labels, value } of await sqlVector(sql, request)) {
      const key = labelsKey(labels);
      const series = found.get(key) ?? { labels, timesMs: [], values: [] };
      if (series.timesMs.at(-1) === timeMs)
        throw new OperatingError(
          "bad_request",
          `SQL: two rows have the labels ${printedLabels(labels)}: expected one row for each set of labels`,
        );
      series.timesMs.push(timeMs);
      series.values.push(value);
      found.set(key, series);
    }
  }
  return [...found.values()];
}
