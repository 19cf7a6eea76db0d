import { z } from "zod";
import { assertNever } from "#shared/assert.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { formatDuration } from "#shared/text/duration.ts";
import type { ExpressionLanguage, RuleSample } from "../rule.ts";
import type { AskRange, RangeSeries } from "./backtest.ts";

const Labels = z.record(z.string(), z.string());
const value = z.string().transform((text) => Number(text.replace("Inf", "Infinity")));
const point = z.tuple([z.number(), value]);
const Matrix = z.object({
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(z.object({ metric: Labels, values: z.array(point).default([]) })),
  }),
});
const Vector = z.object({
  data: z.object({
    resultType: z.literal("vector"),
    result: z.array(z.object({ metric: Labels, value: point })),
  }),
});
/** What other servers can be asked, too. */
type Asked = Exclude<ExpressionLanguage, "sql">;

const Failure = z.object({ error: z.string() });

const queryPaths: Readonly<Record<Asked, string>> = {
  promql: "api/v1/query_range",
  logql: "loki/api/v1/query_range",
};

/** Of a Lapwing alone. */
const sqlPath = "api/v1/monitoring/rules/backtest/sql";

/** Range queries of a Lapwing, or of another server with Prometheus's or Loki's API, at `url`. */
export function askServerRange(url: string): AskRange {
  return async ({ expr, language }, range) => {
    const { data } = await askMatrix(url, expr, language, range);
    return data.result.map(({ metric, values }): RangeSeries => ({
      labels: metric,
      timesMs: values.map(([seconds]) => Math.round(1_000 * seconds)),
      values: values.map(([, held]) => held),
    }));
  };
}

type Range = Parameters<AskRange>[1];

function askMatrix(
  url: string,
  expr: string,
  language: ExpressionLanguage,
  { startMs, endMs, stepMs }: Range,
): Promise<z.output<typeof Matrix>> {
  const times = { start: startMs / 1_000, end: endMs / 1_000, step: stepMs / 1_000 };
  switch (language) {
    case "promql":
    case "logql": {
      const asked = { query: expr, ...limitOf(language), ...times };
      return ask(url, queryPaths[language], asked, Matrix);
    }
    case "sql": {
      const [start, end] = [startMs, endMs].map((ms) => new Date(ms).toISOString());
      const body = { sql: expr, start, end, interval: formatDuration(stepMs) };
      return post(url, sqlPath, JSON.stringify(body), Matrix);
    }
    default:
      return assertNever(language);
  }
}

/** An instant query in PromQL. */
export async function askServer(
  url: string,
  query: string,
  timeMs: number,
): Promise<readonly RuleSample[]> {
  const { data } = await ask(url, "api/v1/query", { query, time: timeMs / 1_000 }, Vector);
  return data.result.map(({ metric, value: [, held] }) => ({ labels: metric, value: held }));
}

function limitOf(language: Asked): Readonly<Record<string, number>> {
  switch (language) {
    case "promql":
      return {};
    case "logql":
      return { limit: 5_000 };
    default:
      return assertNever(language);
  }
}

function ask<Answer>(
  url: string,
  path: string,
  given: Readonly<Record<string, string | number>>,
  schema: z.ZodType<Answer>,
): Promise<Answer> {
  const body = new URLSearchParams(
    Object.entries(given).map(([name, held]) => [name, String(held)]),
  );
  return post(url, path, body, schema);
}

/** Posts to a server. Throws OperatingError with what it answers instead. */
export async function post<Answer>(
  url: string,
  path: string,
  body: URLSearchParams | string,
  schema: z.ZodType<Answer>,
): Promise<Answer> {
  const at = new URL(path, url.endsWith("/") ? url : `${url}/`);
  let text: string;
  try {
    const answer = await fetch(at, { method: "POST", body });
    text = await answer.text();
  } catch (cause) {
    throw new OperatingError("unavailable", `${url} does not answer: ${messageOf(cause)}`, {
      cause,
    });
  }
  const content = jsonOf(text);
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const failure = Failure.safeParse(content);
  throw new OperatingError(
    "bad_request",
    `${at.href}: ${failure.success ? failure.data.error : text.slice(0, 500)}`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
