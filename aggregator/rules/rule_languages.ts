/** Of expressions in rules. auto: PromQL, and LogQL for what only that can read. */
export const ruleLanguages = ["auto", "promql", "logql"] as const;
export type RuleLanguage = (typeof ruleLanguages)[number];
