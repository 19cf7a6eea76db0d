import type { Context } from "hono";
import { OperatingError } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { StoredRules } from "../../../rules/stored/stored_rules.ts";
import { type BacktestQueries, backtestAnswer } from "./backtest_answer.ts";
import { BacktestBody, type StoredRulesAnswer } from "./backtest_schemas.ts";
import { jsonBody } from "./checked_params.ts";

/** Backtests at a time: each may keep a processor busy for seconds. */
const backtestsMax = 2;

export type RuleRouteParts = {
  readonly storedRules: StoredRules;
  readonly clock: Clock;
  readonly queries: (c: Context) => BacktestQueries;
};

/** What the rule editor asks: which groups can be changed, and what a rule would have done. */
export function ruleRoutes(
  answers: (method: "GET" | "POST", path: string, answer: (c: Context) => Promise<unknown>) => void,
  { storedRules, clock, queries }: RuleRouteParts,
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
  answers("POST", "/api/v1/monitoring/rules/backtest", async (c) => {
    const body = await jsonBody(c, BacktestBody);
    if (running >= backtestsMax)
      throw new OperatingError(
        "overloaded",
        `${running} backtests are running: expected at most ${backtestsMax} at a time. Try again in a moment`,
      );
    running++;
    try {
      return await backtestAnswer(body, clock.now(), queries(c), c.req.raw.signal);
    } finally {
      running--;
    }
  });
}
