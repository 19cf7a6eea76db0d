import type { Alert, AlertState } from "./alerting.ts";
import type { AlertmanagersView } from "./alertmanagers/alertmanagers.ts";
import type { GroupEvaluation, RuleState } from "./group_evaluation.ts";

/** What APIs show of rules. */
export type RulesView = {
  /** Groups in the order of their files. */
  readonly evaluations: readonly GroupEvaluation[];
  /** Why the files that are there now are not in force, or undefined. */
  readonly fault: string | undefined;
  /** External ones. */
  readonly alertmanagers: AlertmanagersView;
};

/** No rules at all. */
export const noRules: RulesView = {
  evaluations: [],
  fault: undefined,
  alertmanagers: { active: [], dropped: [] },
};

/** Pending and firing alerts of all rules. */
export function activeAlerts({ evaluations }: Pick<RulesView, "evaluations">): Alert[] {
  return evaluations.flatMap(({ rules }) => rules.flatMap((rule) => rule.alerting?.active ?? []));
}

/** The worst state of a rule's alerts; unknown before its first evaluation. */
export function stateOf({ alerting, evaluatedMs }: RuleState): AlertState | "unknown" {
  return evaluatedMs === undefined || alerting === undefined ? "unknown" : alerting.state;
}
