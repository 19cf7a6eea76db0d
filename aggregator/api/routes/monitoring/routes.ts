import { type Context, Hono } from "hono";
import { z } from "zod";
import type { HistogramPoints, PromqlEngine } from "#aggregator/query/promql/engine.ts";
import type { LogQuery, Stage } from "#aggregator/query/logql/ast.ts";
import { defaultLogqlLimits, selectRecords } from "#aggregator/query/logql/evaluate.ts";
import { levelOf } from "#aggregator/query/logql/level.ts";
import { parseLogql } from "#aggregator/query/logql/parse.ts";
import type { LogRecord, LogsSource } from "#aggregator/query/source.ts";
import { bucketColumns } from "#shared/model/histogram.ts";
import { type ErrorCode, OperatingError, messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { openapiDocument } from "./openapi.ts";
import { docsPage } from "./docs_page.ts";
import {
  type LogsAnswer,
  LogsParams,
  type MetricsAnswer,
  MetricsParams,
  pointsMax,
  stepMsOf,
  timeMsOf,
} from "./schemas.ts";

export type MonitoringParts = {
  readonly engine: PromqlEngine;
  readonly logs: LogsSource;
  readonly clock: Clock;
  readonly tenant: (request: Request) => string;
  readonly version: string;
};

const hourMs = 3_600_000;
/** Points of a series where no step is given. */
const pointsDefault = 240;
const statuses = {
  bad_request: 400,
  not_found: 404,
  overloaded: 429,
  corrupt: 500,
  unavailable: 503,
  timeout: 504,
  cancelled: 499,
  no_space: 500,
} as const satisfies Record<ErrorCode, number>;

/** Our own plain REST: metrics and logs as JSON, and what describes it. Errors are {"error": text}. */
export function monitoringRoutes(parts: MonitoringParts): Hono {
  const app = new Hono();
  const document = openapiDocument(parts.version);
  const page = docsPage(document);
  const answers = (path: string, answer: (c: Context) => Promise<unknown>) =>
    app.get(path, async (c) => {
      try {
        return Response.json(await answer(c));
      } catch (thrown) {
        const status = thrown instanceof OperatingError ? statuses[thrown.code] : 500;
        return Response.json({ error: messageOf(thrown) }, { status });
      }
    });
  answers("/api/v1/monitoring/metrics", (c) => metricsAnswer(c, parts));
  answers("/api/v1/monitoring/logs", (c) => logsAnswer(c, parts));
  app.get("/api/docs/openapi.json", (c) => c.json(document));
  app.get("/api/docs", (c) =>
    c.html(page, 200, {
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      "x-content-type-options": "nosniff",
    }),
  );
  return app;
}

function checked<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  const params = schema.safeParse(c.req.query());
  if (params.success) return params.data;
  throw new OperatingError("bad_request", z.prettifyError(params.error));
}

async function metricsAnswer(c: Context, parts: MonitoringParts): Promise<MetricsAnswer> {
  const params = checked(c, MetricsParams);
  const endMs = timeMsOf(params.end ?? "") ?? parts.clock.now();
  const startMs = timeMsOf(params.start ?? "") ?? endMs - hourMs;
  if (startMs > endMs) throw new OperatingError("bad_request", "start must not be after end");
  const seconds = Math.max(1, Math.ceil((endMs - startMs) / pointsDefault / 1_000));
  const stepMs = stepMsOf(params.step ?? "") ?? seconds * 1_000;
  if ((endMs - startMs) / stepMs > pointsMax)
    throw new OperatingError("bad_request", `over ${pointsMax} points: take a longer step`);
  const { data, warnings } = await parts.engine.range(params.query, {
    startMs,
    endMs,
    stepMs,
    tenant: parts.tenant(c.req.raw),
    signal: c.req.raw.signal,
  });
  const series = data.resultType === "matrix" ? data.series : [];
  return {
    start: startMs / 1_000,
    end: endMs / 1_000,
    step: stepMs / 1_000,
    series: series.map(({ labels, timestampsMs, values, histograms }) => ({
      labels: { ...labels },
      points: Array.from(values, (value, i) => [(timestampsMs[i] ?? 0) / 1_000, plain(value)]),
      ...(histograms === undefined ? {} : { histograms: plainHistograms(histograms) }),
    })),
    warnings: [...warnings],
  };
}

function plainHistograms({ timestampsMs, values }: HistogramPoints): PlainHistogram[] {
  return values.map((one, at) => {
    const { lower, upper, counts } = bucketColumns(one);
    const buckets = Array.from(counts, (count, i): PlainHistogram[1]["buckets"][number] => [
      plain(lower[i] ?? 0),
      plain(upper[i] ?? 0),
      plain(count),
    ]).filter(([, , count]) => count !== 0);
    return [
      (timestampsMs[at] ?? 0) / 1_000,
      { count: plain(one.count), sum: plain(one.sum), buckets },
    ];
  });
}

type PlainHistogram = NonNullable<MetricsAnswer["series"][number]["histograms"]>[number];

function plain(value: number): number | "NaN" | "+Inf" | "-Inf" {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

async function logsAnswer(c: Context, parts: MonitoringParts): Promise<LogsAnswer> {
  const params = checked(c, LogsParams);
  const toMs = timeMsOf(params.to ?? "") ?? parts.clock.now();
  const fromMs = timeMsOf(params.from ?? "") ?? toMs - hourMs;
  if (fromMs > toMs) throw new OperatingError("bad_request", "from must not be after to");
  const base = queryOf(params.query ?? "");
  const { service, level } = params;
  const query: LogQuery = {
    ...base,
    matchers: [
      ...base.matchers,
      ...(service === undefined
        ? []
        : [{ name: "service_name", op: "=", value: service } as const]),
    ],
    stages: [...base.stages, ...(level === undefined ? [] : [levelFilter(level)])],
  };
  const limit = Number(params.limit);
  const records = await selectRecords(
    query,
    {
      startNs: BigInt(fromMs) * 1_000_000n,
      endNs: BigInt(toMs) * 1_000_000n,
      limit,
      direction: "backward",
    },
    {
      tenant: parts.tenant(c.req.raw),
      source: parts.logs,
      limits: defaultLogqlLimits,
      signal: c.req.raw.signal,
    },
  );
  return { records: records.map(recordOf), truncated: records.length === limit };
}

function levelFilter(value: string): Stage {
  const matcher = { name: "detected_level", op: "=", value } as const;
  return { type: "label_filter", filter: { kind: "matcher", matcher } };
}

function textFilter(value: string): Stage {
  return { type: "line_filter", op: "|=", matches: [{ kind: "text", value }] };
}

/** What begins with a brace is LogQL, anything else text to be looked for. */
function queryOf(text: string): LogQuery {
  if (!text.trimStart().startsWith("{")) {
    return { kind: "log", matchers: [], stages: text === "" ? [] : [textFilter(text)] };
  }
  const query = parseLogql(text);
  if (query.kind === "log") return query;
  throw new OperatingError("bad_request", "query: expected a log query, got a metric query");
}

function recordOf({ timestampNs, stream, body, severity, attributes }: LogRecord) {
  const seconds = new Date(Number(timestampNs / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = String(((timestampNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
  return {
    time: `${seconds}.${fraction.padStart(9, "0")}Z`,
    level: levelOf(severity),
    service: stream.service_name ?? "",
    body,
    labels: { ...stream },
    attributes: { ...attributes },
  };
}
