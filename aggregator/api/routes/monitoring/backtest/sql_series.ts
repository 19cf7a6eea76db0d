import { z } from "zod";
import { type SqlAt, sqlRange } from "#aggregator/rules/backtest/sql_range.ts";
import { formatSample } from "#shared/text/go_float_text.ts";
import { OperatingError } from "#shared/errors.ts";
import { time, timeMsOf } from "../schemas.ts";
import { duration } from "./backtest_schemas.ts";
import { withinTime } from "./time_limit.ts";

/** A statement of a rule, and the span over which it is evaluated. */
export const SqlSeriesBody = z.strictObject({
  sql: z
    .string()
    .min(1)
    .max(100_000)
    .meta({
      examples: [
        "SELECT count(*) AS value FROM logs WHERE timestamp > now()::TIMESTAMP - INTERVAL 5 MINUTE",
      ],
    }),
  start: time.meta({ description: "Unix seconds or RFC 3339" }),
  end: time.meta({ description: "Unix seconds or RFC 3339" }),
  interval: duration(1_000).prefault("1m").meta({ description: "Time between two evaluations" }),
});
export type SqlSeriesBody = z.output<typeof SqlSeriesBody>;

export const SqlSeriesAnswer = z.object({
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z
          .array(z.tuple([z.number(), z.string()]))
          .meta({ description: "Unix seconds and values, as in Prometheus's range queries" }),
      }),
    ),
  }),
});
export type SqlSeriesAnswer = z.output<typeof SqlSeriesAnswer>;

/** Of a statement whose evaluations take longer, some are not made: it is refused. */
export const sqlTimeoutMs = 120_000;

/** Values of a statement at each step of a span. Throws OperatingError as sqlRange() does. */
export async function sqlSeriesAnswer(
  { sql: statement, start, end, interval: stepMs }: SqlSeriesBody,
  sql: SqlAt,
  requestSignal: AbortSignal,
): Promise<SqlSeriesAnswer> {
  const [startMs, endMs] = [timeMsOf(start), timeMsOf(end)];
  if (startMs === undefined || endMs === undefined || startMs > endMs)
    throw new OperatingError("bad_request", "start must not be after end");
  const series = await withinTime(requestSignal, sqlTimeoutMs, (signal) =>
    sqlRange(sql, statement, { startMs, endMs, stepMs }, signal),
  );
  return {
    data: {
      resultType: "matrix",
      result: series.map(({ labels, timesMs, values }) => ({
        metric: { ...labels },
        values: Array.from(timesMs, (ms, i) => [ms / 1_000, formatSample(values[i] ?? 0)]),
      })),
    },
  };
}
