import type { Context } from "hono";
import { OperatingError } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { StoredRules } from "../../../rules/stored/stored_rules.ts";
import type { RulesView } from "../../../rules/rules_view.ts";
import { type BacktestQueries, backtestAnswer } from "./backtest/backtest_answer.ts";
import { BacktestBody, type StoredRulesAnswer } from "./backtest/backtest_schemas.ts";
import { ruleSetAnswer } from "./backtest/rule_set_answer.ts";
import { RuleSetBody } from "./backtest/rule_set_schemas.ts";
import { SqlSeriesBody, sqlSeriesAnswer } from "./backtest/sql_series.ts";
import { jsonBody } from "./checked_params.ts";

/** Backtests at a time: each may keep a processor busy for seconds. */
const backtestsMax = 2;

export type RuleRouteParts = {
  readonly storedRules: StoredRules;
  readonly clock: Clock;
  readonly rules: () => Pick<RulesView, "evaluations">;
  /** The configuration in force. */
  readonly rulesConfig: () => {
    readonly evaluation_interval: number;
    readonly query_offset: number;
  };
  readonly queries: (c: Context) => BacktestQueries;
};

/** What the rule editor asks: which groups can be changed, and what a rule would have done. */
export function ruleRoutes(
  answers: (method: "GET" | "POST", path: string, answer: (c: Context) => Promise<unknown>) => void,
  { storedRules, clock, rules, rulesConfig, queries }: RuleRouteParts,
): void {
  answers("GET", "/api/v1/monitoring/rules", async (): Promise<StoredRulesAnswer> => ({
    groups: storedRules.all.map(({ namespace, language, text, group }) => ({
      namespace,
      name: group.name,
      language,
      yaml: text,
    })),
  }));
  let running = 0;
  const bounded = async <Answer>(answer: () => Promise<Answer>): Promise<Answer> => {
    if (running >= backtestsMax)
      throw new OperatingError(
        "overloaded",
        `${running} backtests are running: expected at most ${backtestsMax} at a time. Try again in a moment`,
      );
    running++;
    try {
      return await answer();
    } finally {
      running--;
    }
  };
  answers("POST", "/api/v1/monitoring/rules/backtest", async (c) => {
    const body = await jsonBody(c, BacktestBody);
    return bounded(() => backtestAnswer(body, clock.now(), queries(c), c.req.raw.signal));
  });
  answers("POST", "/api/v1/monitoring/rules/backtest/sql", async (c) => {
    const body = await jsonBody(c, SqlSeriesBody);
    return bounded(() => sqlSeriesAnswer(body, queries(c).sql, c.req.raw.signal));
  });
  answers("POST", "/api/v1/monitoring/rules/backtest/compare", async (c) => {
    const body = await jsonBody(c, RuleSetBody);
    const { evaluation_interval, query_offset } = rulesConfig();
    const inForce = {
      groups: rules().evaluations.map(({ group }) => group),
      evaluationIntervalMs: evaluation_interval,
      queryOffsetMs: query_offset,
    };
    const asked = { ...queries(c), ...inForce };
    return bounded(() => ruleSetAnswer(body, clock.now(), asked, c.req.raw.signal));
  });
}
