import type { Context } from "hono";
import type { PromqlConfig } from "#aggregator/query/promql/engine.ts";
import type { SqlEngine } from "#aggregator/query/sql.ts";
import type { LogsSource, MetricsSource } from "#aggregator/read/source.ts";
import { type CostParts, expressionCost } from "#aggregator/rules/cost/expression_cost.ts";
import { ruleCosts } from "#aggregator/rules/cost/rule_costs.ts";
import type { RulesView } from "#aggregator/rules/rules_view.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { jsonAnswers } from "./alert_routes.ts";
import { jsonBody } from "./checked_params.ts";
import { type CostAnswer, CostBody, type RuleCostsAnswer } from "./cost_schemas.ts";

/** Questions at a time: each may look at all series. */
const runningMax = 2;
const timeoutMs = 30_000;

export type CostRouteParts = {
  readonly metrics: MetricsSource;
  readonly logs: LogsSource;
  readonly sql: Pick<SqlEngine, "reads">;
  readonly promql: PromqlConfig;
  readonly clock: Clock;
  readonly rules: () => Pick<RulesView, "evaluations">;
  readonly tenant: (request: Request) => string;
  readonly expensiveShare: () => number;
};

/** What rules read in each evaluation: one that is being written, and those that run. */
export function costRoutes(
  answers: ReturnType<typeof jsonAnswers>,
  { metrics, logs, sql, promql, clock, rules, tenant, expensiveShare }: CostRouteParts,
): void {
  let running = 0;
  const bounded = async <Answer>(
    c: Context,
    answer: (parts: CostParts & { readonly signal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> => {
    if (running >= runningMax)
      throw new OperatingError(
        "overloaded",
        `${running} costs are being found out: expected at most ${runningMax} at a time. Try again in a moment`,
      );
    running++;
    try {
      const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(timeoutMs)]);
      return await answer({ metrics, logs, sql, promql, tenant: tenant(c.req.raw), signal });
    } finally {
      running--;
    }
  };
  answers("POST", "/api/v1/monitoring/rules/cost", async (c): Promise<CostAnswer> => {
    const { expression: expr, language } = await jsonBody(c, CostBody);
    const cost = await bounded(c, (parts) =>
      expressionCost({ expr, language }, clock.now(), parts),
    );
    return {
      series: cost.series ?? null,
      samples: cost.samples ?? null,
      reads: cost.reads.map(({ startMs, endMs, series, samples, selector }) => ({
        selector,
        series: series ?? null,
        samples: samples ?? null,
        start: new Date(startMs).toISOString(),
        end: new Date(endMs).toISOString(),
      })),
    };
  });
  answers("GET", "/api/v1/monitoring/rules/cost", async (c): Promise<RuleCostsAnswer> => {
    const nowMs = clock.now();
    const share = expensiveShare();
    const groups = rules().evaluations.map(({ group }) => group);
    const found = await bounded(c, (parts) =>
      ruleCosts(
        groups,
        (rule, { queryOffsetMs }) => expressionCost(rule, nowMs - queryOffsetMs, parts),
        parts.signal,
      ),
    );
    return {
      at: new Date(nowMs).toISOString(),
      expensiveShare: share,
      rules: found.map(({ file, group, name, intervalMs, cost, failure, ...rates }) => ({
        file,
        group,
        name,
        interval: intervalMs / 1_000,
        series: cost?.series ?? null,
        samples: cost?.samples ?? null,
        ...rates,
        expensive: rates.share > share,
        failure,
      })),
    };
  });
}
