import { type Context, Hono } from "hono";
import type { HistogramPoints } from "#aggregator/query/answer.ts";
import { populatedBuckets } from "#aggregator/query/populated_buckets.ts";
import type { PromqlConfig, PromqlEngine } from "#aggregator/query/promql/engine.ts";
import type { LogqlLimits } from "#aggregator/query/logql/evaluate.ts";
import { countRefusal } from "#aggregator/query/refusals.ts";
import type { SqlEngine } from "#aggregator/query/sql.ts";
import type { LogsSource, MetricsSource } from "#aggregator/read/source.ts";
import type { AlertmanagerConfig } from "#aggregator/notify/config/alertmanager_config.ts";
import type { RulesConfig } from "#aggregator/rules/config.ts";
import { sqlAtOf } from "#aggregator/rules/backtest/sql_range.ts";
import type { Tails } from "#aggregator/tail/tails.ts";
import { type ErrorCode, OperatingError, messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { type AlertRouteParts, alertRoutes, jsonAnswers } from "./alert_routes.ts";
import { checkedParams } from "./checked_params.ts";
import { contextAnswer, differenceAnswer, facetsAnswer, logsAnswer } from "./logs/log_routes.ts";
import { logsStream } from "./logs/logs_stream.ts";
import { type NotificationHistory, notificationsAnswer } from "./notification_routes.ts";
import { costRoutes } from "./cost_routes.ts";
import { ruleRoutes } from "./rule_routes.ts";
import { openapiDocument } from "./docs/openapi.ts";
import { docsPage } from "./docs/docs_page.ts";
import { type MetricsAnswer, MetricsParams, pointsMax, stepMsOf, timeMsOf } from "./schemas.ts";

export type MonitoringParts = {
  readonly engine: PromqlEngine;
  readonly metrics: MetricsSource;
  readonly logs: LogsSource;
  readonly sql: Pick<SqlEngine, "query" | "reads">;
  /** How expressions are read, for their cost. */
  readonly promql: PromqlConfig;
  readonly limits?: LogqlLimits;
  readonly clock: Clock;
  readonly tenant: (request: Request) => string;
  readonly version: string;
  readonly tails: Tails;
  /** Told of records that readers of streams were not sent. */
  readonly onDropped: (entries: number) => void;
  readonly notifications: NotificationHistory;
  /** The configuration of rules in force. */
  readonly rulesConfig: () => Pick<
    RulesConfig,
    | "external_labels"
    | "external_url"
    | "expensive_share"
    | "evaluation_interval"
    | "query_offset"
    | "alerting"
  >;
  /** How alerts are routed now. */
  readonly routing: () => AlertmanagerConfig;
} & AlertRouteParts;

const hourMs = 3_600_000;
/** Points of a series where no step is given. */
const pointsDefault = 240;
const statuses = {
  bad_request: 400,
  not_found: 404,
  conflict: 409,
  read_only: 409,
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
  const answering = jsonAnswers(app, refusal);
  const answers = (path: string, answer: (c: Context) => Promise<unknown>) =>
    answering("GET", path, answer);
  alertRoutes(answering, parts);
  ruleRoutes(answering, {
    ...parts,
    queries: (c) => {
      const { external_url, external_labels, alerting } = parts.rulesConfig();
      return {
        ...parts,
        tenant: parts.tenant(c.req.raw),
        sql: sqlAtOf(parts.sql, parts.tenant(c.req.raw)),
        externalUrl: external_url,
        routing: {
          config: parts.routing(),
          externalLabels: external_labels,
          relabelRules: alerting.alert_relabel_configs,
        },
      };
    },
  });
  costRoutes(answering, {
    ...parts,
    expensiveShare: () => parts.rulesConfig().expensive_share,
  });
  answers("/api/v1/monitoring/metrics", (c) => metricsAnswer(c, parts));
  answers("/api/v1/monitoring/logs", (c) => logsAnswer(c, parts));
  answers("/api/v1/monitoring/logs/facets", (c) => facetsAnswer(c, parts));
  answers("/api/v1/monitoring/logs/context", (c) => contextAnswer(c, parts));
  answers("/api/v1/monitoring/logs/difference", (c) => differenceAnswer(c, parts));
  answers("/api/v1/monitoring/notifications", (c) => notificationsAnswer(c, parts.notifications));
  app.get("/api/v1/monitoring/logs/stream", (c) => {
    try {
      return logsStream(c, parts, parts.tails, parts.onDropped);
    } catch (thrown) {
      return refusal(thrown);
    }
  });
  app.get("/api/docs/openapi.json", (c) => c.json(document));
  app.get("/api/docs", (c) =>
    c.html(page, 200, {
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      "x-content-type-options": "nosniff",
    }),
  );
  return app;
}

/** What a failure is answered: {"error": text} with a status by its code. */
export function refusal(thrown: unknown): Response {
  countRefusal(thrown);
  const status = thrown instanceof OperatingError ? statuses[thrown.code] : 500;
  return Response.json({ error: messageOf(thrown) }, { status });
}

async function metricsAnswer(c: Context, parts: MonitoringParts): Promise<MetricsAnswer> {
  const params = checkedParams(c, MetricsParams);
  const endMs = timeMsOf(params.end ?? "") ?? parts.clock.now();
  const startMs = timeMsOf(params.start ?? "") ?? endMs - hourMs;
  if (startMs > endMs) throw new OperatingError("bad_request", "start must not be after end");
  const seconds = Math.max(1, Math.ceil((endMs - startMs) / pointsDefault / 1_000));
  const stepMs = stepMsOf(params.step ?? "") ?? seconds * 1_000;
  if ((endMs - startMs) / stepMs > pointsMax)
    throw new OperatingError("bad_request", `over ${pointsMax} points: take a longer step`);
  const {
    data,
    warnings,
    isPartial = false,
  } = await parts.engine.range(params.query, {
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
    isPartial,
  };
}

function plainHistograms({ timestampsMs, values }: HistogramPoints): PlainHistogram[] {
  return values.map((one, at) => {
    const { lower, upper, counts } = populatedBuckets(one);
    const buckets = Array.from(counts, (count, i): PlainHistogram[1]["buckets"][number] => [
      plain(lower[i] ?? 0),
      plain(upper[i] ?? 0),
      plain(count),
    ]);
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
