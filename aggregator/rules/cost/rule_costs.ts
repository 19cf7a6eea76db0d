import { messageOf } from "#shared/errors.ts";
import type { ExpressionCost } from "./expression_cost.ts";
import type { Rule, RuleGroup } from "../rule.ts";

/** What a rule reads. */
export type RuleCost = {
  readonly file: string;
  readonly group: string;
  readonly name: string;
  /** In its group, from 0. */
  readonly place: number;
  readonly intervalMs: number;
  /** In each evaluation; undefined where that cannot be found out. */
  readonly cost: ExpressionCost | undefined;
  /** Why not; empty where it can. */
  readonly failure: string;
  readonly samplesPerSecond: number;
  /** Of the samples that all rules read, 0 to 1. */
  readonly share: number;
};

type Asked = { readonly group: RuleGroup; readonly rule: Rule; readonly place: number };

/**
 * What rules read and their shares of all of it, the most costly first. One rule is looked at after the other. A rule whose expression
 * fails has its failure. Rejects where the signal aborts.
 */
export async function ruleCosts(
  groups: readonly RuleGroup[],
  costOf: (rule: Rule, group: RuleGroup) => Promise<ExpressionCost>,
  signal?: AbortSignal,
): Promise<readonly RuleCost[]> {
  const found: (Asked & { readonly cost: ExpressionCost | undefined; readonly failure: string })[] =
    [];
  for (const group of groups)
    for (const [place, rule] of group.rules.entries()) {
      signal?.throwIfAborted();
      try {
        found.push({ group, rule, place, cost: await costOf(rule, group), failure: "" });
      } catch (thrown) {
        signal?.throwIfAborted();
        found.push({ group, rule, place, cost: undefined, failure: messageOf(thrown) });
      }
    }
  const rateOf = ({ group, cost }: (typeof found)[number]) =>
    (cost?.samples ?? 0) / (group.intervalMs / 1_000);
  const all = found.reduce((sum, one) => sum + rateOf(one), 0);
  return found
    .map((one): RuleCost => ({
      file: one.group.file,
      group: one.group.name,
      name: one.rule.name,
      place: one.place,
      intervalMs: one.group.intervalMs,
      cost: one.cost,
      failure: one.failure,
      samplesPerSecond: rateOf(one),
      share: all === 0 ? 0 : rateOf(one) / all,
    }))
    .toSorted((a, b) => b.samplesPerSecond - a.samplesPerSecond);
}
