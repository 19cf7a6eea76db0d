import { z } from "zod";
import {
  PostedMetricsAnswer,
  PostedMetricsDocument,
  PostedMetricsRefusal,
} from "#shared/model/posted_metrics.ts";
import {
  AlertAnswer,
  AlertBody,
  AlertPath,
  AlertsAnswer,
  DeletedAnswer,
} from "../alert_schemas.ts";
import { BacktestAnswer, BacktestBody, StoredRulesAnswer } from "../backtest/backtest_schemas.ts";
import { RuleSetAnswer, RuleSetBody } from "../backtest/rule_set_schemas.ts";
import { SqlSeriesAnswer, SqlSeriesBody } from "../backtest/sql_series.ts";
import { CostAnswer, CostBody, RuleCostsAnswer } from "../cost_schemas.ts";
import { DependenciesAnswer } from "../dependency_schemas.ts";
import {
  ContextAnswer,
  ContextParams,
  DifferenceAnswer,
  DifferenceParams,
  FacetsAnswer,
  FacetsParams,
  LogRecordJson,
  LogStreamParams,
  LogsAnswer,
} from "../logs/log_schemas.ts";
import { HistoryAnswer, HistoryParams } from "../history_schemas.ts";
import { NotificationsAnswer, NotificationsParams } from "../notification_routes.ts";
import { PushAnswer, PushBody, PushMade, PushPath } from "../push_schemas.ts";
import {
  RecurringAnswer,
  RecurringBody,
  RecurringMade,
  RecurringParams,
  RecurringPath,
} from "../recurring_schemas.ts";
import {
  ReceiversAnswer,
  RoutingAnswer,
  RoutingBody,
  TestSendAnswer,
  TestSendBody,
} from "../routing_schemas.ts";
import { LogsParams, MetricsAnswer, MetricsParams, Refusal } from "../schemas.ts";

export type Operation = {
  readonly method: "get" | "post" | "put" | "delete";
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  /** What stands in the path. */
  readonly pathParams?: z.ZodObject;
  /** Of a good answer; 200 without one. */
  readonly status?: 201;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
  /** Given where the answer goes on for as long as the client listens: what one message of it holds is `answer`. */
  readonly isStream?: boolean;
  /** Of a request that is no good; Refusal without one. */
  readonly refusal?: z.ZodType;
};

/** What is described, in the order of the page. */
export const operations: readonly Operation[] = [
  {
    method: "get",
    path: "/api/v1/monitoring/metrics",
    id: "queryMetrics",
    summary: "Series of a PromQL expression over time",
    params: MetricsParams,
    answer: MetricsAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/metrics",
    id: "postMetrics",
    summary: "Samples of your own",
    description:
      "Taken by agents and by `lapwing up`, like everything that is pushed: stored when it is answered, counted in the loss account. Where some entries are no good the others are stored.",
    body: PostedMetricsDocument,
    answer: PostedMetricsAnswer,
    refusal: z.union([PostedMetricsRefusal, Refusal]),
  },
  {
    method: "get",
    path: "/api/v1/monitoring/logs",
    id: "queryLogs",
    summary: "Log records, the newest first",
    params: LogsParams,
    answer: LogsAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/logs/stream",
    id: "streamLogs",
    summary: "Log records as they arrive, as server-sent events",
    description:
      'Each message is one record. An event `dropped` tells how many records a slow reader missed ({"count": n}), an event `failed` why there will be no more ({"error": text}).',
    params: LogStreamParams,
    answer: LogRecordJson,
    isStream: true,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/logs/facets",
    id: "logFacets",
    summary: "The most frequent values of the fields of log records",
    description:
      "Fields are the labels of streams, structured metadata, and what stands in lines that are JSON or logfmt or is taken from them by the query.",
    params: FacetsParams,
    answer: FacetsAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/logs/context",
    id: "logContext",
    summary: "Log records before and after one, in its stream",
    params: ContextParams,
    answer: ContextAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/logs/difference",
    id: "logDifference",
    summary: "What a selection of log records has more often than the rest",
    description:
      "Counts fields and patterns of lines on both sides. Without `against` the rest is everything else in the streams that the query selects, of any level.",
    params: DifferenceParams,
    answer: DifferenceAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/notifications",
    id: "listNotifications",
    summary: "Notifications of alerts, the newest first",
    description: "Each with its receiver, its reason, and its outcome. They are kept for 90 days.",
    params: NotificationsParams,
    answer: NotificationsAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/alerts",
    id: "listAlerts",
    summary: "Alerting rules that were made here, with their state",
    answer: AlertsAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/alerts",
    id: "createAlert",
    summary: "Make an alerting rule",
    body: AlertBody,
    answer: AlertAnswer,
    status: 201,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/alerts/{id}",
    id: "getAlert",
    summary: "An alerting rule with its state",
    pathParams: AlertPath,
    answer: AlertAnswer,
  },
  {
    method: "put",
    path: "/api/v1/monitoring/alerts/{id}",
    id: "changeAlert",
    summary: "Replace an alerting rule",
    pathParams: AlertPath,
    body: AlertBody,
    answer: AlertAnswer,
  },
  {
    method: "delete",
    path: "/api/v1/monitoring/alerts/{id}",
    id: "deleteAlert",
    summary: "Remove an alerting rule",
    pathParams: AlertPath,
    answer: DeletedAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/rules",
    id: "listStoredRules",
    summary: "Groups of rules that were made by API or in the interface",
    answer: StoredRulesAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/rules/backtest",
    id: "backtestRule",
    summary: "What an alerting rule would have done over stored data",
    description:
      "Evaluates the rule at each interval of the span, with `for` and `keep_firing_for`. Nothing is stored and nothing is notified.",
    body: BacktestBody,
    answer: BacktestAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/rules/backtest/compare",
    id: "compareRules",
    summary: "What a set of rules and a routing would have done, beside those in force",
    description:
      "Who would have been notified, when and how often. Silences are left out. Up to 2 million evaluations. Nothing is stored and nothing is sent.",
    body: RuleSetBody,
    answer: RuleSetAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/rules/backtest/sql",
    id: "evaluateSql",
    summary: "The values of a rule's SQL statement over a span",
    description:
      "Runs the statement as of each step, where now() is that time and nothing younger is seen. Up to 2,000 steps.",
    body: SqlSeriesBody,
    answer: SqlSeriesAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/rules/cost",
    id: "listRuleCosts",
    summary: "Series and samples that each rule reads, the most costly rules first",
    description:
      "Found out without evaluating the rules. Shares are of the samples a second that all rules read.",
    answer: RuleCostsAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/rules/cost",
    id: "explainRule",
    summary: "Series and samples that an expression would read in each evaluation",
    description:
      "Series are counted by the index of series. Samples of a range are estimated from a few of its series.",
    body: CostBody,
    answer: CostAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/receivers",
    id: "listReceivers",
    summary: "Receivers with their integrations and what became of their notifications",
    answer: ReceiversAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/receivers/test",
    id: "testReceiver",
    summary: "Send a test to one integration",
    description:
      "Once, the way notifications go. One integration can be tested every 10 s, and 20 of them a minute.",
    body: TestSendBody,
    answer: TestSendAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/push",
    id: "listPushDevices",
    summary: "Browsers that are subscribed to receivers, and the key to subscribe with",
    answer: PushAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/push",
    id: "subscribePushDevice",
    summary: "Subscribe a browser to a receiver with webpush_configs",
    description: "The subscription is PushSubscription.toJSON() of the browser.",
    body: PushBody,
    answer: PushMade,
  },
  {
    method: "delete",
    path: "/api/v1/monitoring/push/{id}",
    id: "unsubscribePushDevice",
    summary: "Remove the subscription of a browser",
    pathParams: PushPath,
    answer: DeletedAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/routing",
    id: "explainRouting",
    summary: "The routes, and where an alert with given labels goes",
    body: RoutingBody,
    answer: RoutingAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/dependencies",
    id: "listDependencies",
    summary: "List which alerts inhibit others because a host or a target is down",
    description: "The settings under `alertmanager.dependencies`, and what they inhibit now.",
    answer: DependenciesAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/history",
    id: "listAlertHistory",
    summary: "List changes of alerts, and notifications with their outcomes",
    params: HistoryParams,
    answer: HistoryAnswer,
  },
  {
    method: "get",
    path: "/api/v1/monitoring/silences/recurring",
    id: "listRecurringSilences",
    summary: "List recurring silences with their occurrences within a span",
    params: RecurringParams,
    answer: RecurringAnswer,
  },
  {
    method: "post",
    path: "/api/v1/monitoring/silences/recurring",
    id: "putRecurringSilence",
    summary: "Make or change a recurring silence",
    description: "Each window becomes an ordinary silence a day before it begins.",
    body: RecurringBody,
    answer: RecurringMade,
  },
  {
    method: "delete",
    path: "/api/v1/monitoring/silences/recurring/{id}",
    id: "deleteRecurringSilence",
    summary: "Remove a recurring silence and end its occurrences",
    pathParams: RecurringPath,
    answer: DeletedAnswer,
  },
];
