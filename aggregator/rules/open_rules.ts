import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { type LogqlConfig } from "../query/logql/config.ts";
import { logqlLimits } from "../query/logql/evaluate.ts";
import { type PromqlConfig, createPromqlEngine } from "../query/promql/engine.ts";
import type { Sources } from "../query/sources.ts";
import type { SqlEngine } from "../query/sql.ts";
import { QueryMemory } from "../read/memory/query_memory.ts";
import type { DueData } from "../read/own_data.ts";
import { Alertmanagers } from "./alertmanagers/alertmanagers.ts";
import { Heartbeat } from "./heartbeat/heartbeat.ts";
import type { RulesConfig } from "./config.ts";
import type { GroupEvaluation } from "./group_evaluation.ts";
import type { LoadProvidedRules } from "./integration_rules/provided_rules.ts";
import type { MissingSource } from "./unknown/missing_data.ts";
import { readForState, ruleQuery, ruleRangeQuery } from "./rule_query.ts";
import { Rules } from "./rules.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { StoredRules } from "./stored/stored_rules.ts";
import type { SentAlert } from "./sent_alerts.ts";
import { sqlAtOf } from "./backtest/sql_range.ts";

type Config = {
  readonly tenant: string;
  readonly rules: RulesConfig;
  readonly query: { readonly promql: PromqlConfig; readonly logql: LogqlConfig };
};
type Parts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly sources: Sources;
  readonly sql: Pick<SqlEngine, "query" | "reads">;
  readonly append: (tenant: string, data: DueData) => void;
  /** Gives alerts to Lapwing's own Alertmanager. */
  readonly sendOwn: (alerts: readonly SentAlert[]) => void;
  /** Called after each evaluation of a group. */
  readonly onEvaluated: (evaluation: GroupEvaluation) => Promise<void>;
  /** Why Lapwing's own Alertmanager may reach no one now, or undefined. */
  readonly notifierTrouble: () => string | undefined;
  readonly catalog: Pick<Catalog, "fenced" | "transaction">;
  /** Agents whose data are not here. */
  readonly missing: MissingSource;
  readonly provided?: LoadProvidedRules | undefined;
  readonly foundKinds: () => ReadonlySet<string>;
};

export type OpenedRules = {
  readonly rules: Rules;
  /** The configuration in force, as of the last reload. */
  readonly config: () => RulesConfig;
  readonly start: () => void;
  readonly close: () => Promise<void>;
};

/** Rules with an engine, a queue and memory of their own: they go on while users' queries wait. */
export async function openRules(
  { tenant, rules: config, query }: Config,
  {
    sources,
    sql,
    append,
    sendOwn,
    notifierTrouble,
    missing,
    catalog,
    provided,
    foundKinds,
    ...parts
  }: Parts,
): Promise<OpenedRules> {
  const { clock, log } = parts;
  const stopped = new AbortController();
  const asked = {
    engine: createPromqlEngine(sources.metrics, query.promql, clock),
    metrics: sources.metrics,
    logs: sources.logs,
    limits: logqlLimits(query.logql),
    sql: sqlAtOf(sql, tenant),
    memory: new QueryMemory({ bytesMax: config.memory_max, limitName: "rules.memory_max" }),
    tenant,
    signal: stopped.signal,
  };
  const stored = await StoredRules.open({ catalog, tenant, log, now: () => clock.now() });
  const alertmanagers = new Alertmanagers(config.alerting, { ...parts, fetch, sendOwn });
  let inForce = config;
  const rules = await Rules.open(config, {
    ...parts,
    stored,
    tenant,
    provided,
    foundKinds,
    ask: ruleQuery(asked),
    askRange: ruleRangeQuery(asked),
    askReads: (text) => sql.reads({ sql: text, timeMs: clock.now(), signal: stopped.signal }),
    missing,
    forState: (alert, span) => readForState(asked, alert, span),
    append,
    alertmanagers,
    onConfigured: (configured) => {
      inForce = configured;
      alertmanagers.configure(configured.alerting);
      heartbeat.configure(configured.heartbeat);
    },
  });
  const trouble = async () => (await rules.trouble()) ?? alertmanagers.trouble(notifierTrouble());
  const heartbeat = new Heartbeat(config.heartbeat, { ...parts, fetch, trouble });
  const start = () => {
    rules.start();
    heartbeat.start();
  };
  const close = async () => {
    await heartbeat.stop();
    stopped.abort();
    await rules.stop();
    await alertmanagers.stop();
  };
  return { rules, config: () => inForce, start, close };
}
