import type { RuleRow } from "../../client/alerting.ts";
import type { RuleCosts } from "../../client/rules.ts";

/** What a rule takes of what all rules take, 0 to 1. */
export type RuleShare = {
  /** Of the time of evaluations, as of the last ones. */
  readonly time: number;
  /** Of the samples that are read; undefined where that is not known. */
  readonly samples: number | undefined;
  readonly isExpensive: boolean;
};

export type RuleShares = {
  readonly of: (rule: RuleRow) => RuleShare;
  /** From this share of time or of samples on, a rule is expensive; undefined while it is not known. */
  readonly expensiveShare: number | undefined;
};

/** A single rule has all of both, and is not expensive for that. */
const rulesMin = 2;
/** A rule that takes less of its interval is not expensive by its time, whatever the others take. */
const busyMin = 0.01;

/** `costs` is undefined until it is known. */
export function ruleShares(rules: readonly RuleRow[], costs: RuleCosts | undefined): RuleShares {
  const all = rules.reduce((sum, rule) => sum + timeOf(rule), 0);
  const known = new Map(costs?.rules.map((cost) => [keyOf(cost), cost]));
  const expensiveShare = costs?.expensiveShare;
  return {
    expensiveShare,
    of(rule) {
      const cost = known.get(keyOf(rule));
      const samples = cost === undefined || cost.samples === null ? undefined : cost.share;
      const time = all === 0 ? 0 : timeOf(rule) / all;
      const counted = Math.max(timeOf(rule) < busyMin ? 0 : time, samples ?? 0);
      const isExpensive =
        rules.length >= rulesMin && expensiveShare !== undefined && counted > expensiveShare;
      return { time, samples, isExpensive };
    },
  };
}

/** Of each second. */
function timeOf({ tookMs, intervalMs }: RuleRow): number {
  return intervalMs > 0 ? tookMs / intervalMs : 0;
}

function keyOf({ file, group, place }: Pick<RuleRow, "file" | "group" | "place">): string {
  return JSON.stringify([file, group, place]);
}

export function shareText(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;
}

export function sampleShareText({ samples }: RuleShare): string {
  return samples === undefined ? "–" : shareText(samples);
}
