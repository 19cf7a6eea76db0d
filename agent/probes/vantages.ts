import type { Labels } from "#shared/model/labels.ts";

/** A condition on the labels of agents, with its text. */
export type LabelMatcher = {
  readonly source: string;
  readonly matches: (labels: Labels) => boolean;
};

/** Whether this agent is one of those that run a check. All read the same file, so each asks for itself. */
export function isVantage(
  {
    agents,
    match = [],
  }: {
    readonly agents?: readonly string[] | undefined;
    readonly match?: readonly LabelMatcher[] | undefined;
  },
  agent: { readonly name: string; readonly labels: Labels },
): boolean {
  if (agents !== undefined && !agents.includes(agent.name)) return false;
  return match.every(({ matches }) => matches(agent.labels));
}
