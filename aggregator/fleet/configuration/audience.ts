import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseMetricSelector } from "#shared/query_language/promql/parse.ts";
import { compileSelector } from "../../blocks/series/selector.ts";
import type { AgentRecord } from "../agents.ts";

/** Which agents something is for: those that fulfil all conditions that are given; without any, all. */
export const Audience = z.strictObject({
  /** Conditions on the labels of `agent.labels`, as PromQL writes them: `{site="north", role=~"db|web"}`. */
  labels: z.string().min(1).max(4_096).optional(),
  /** Members of one of these groups. */
  groups: z.array(z.string().min(1)).min(1).max(1_000).optional(),
  /** Ids of agents, or names. */
  agents: z.array(z.string().min(1)).min(1).max(10_000).optional(),
});
export type Audience = z.output<typeof Audience>;

/** Ids of agents by group. */
export type Groups = ReadonlyMap<string, ReadonlySet<string>>;

/** Throws OperatingError "bad_request" for labels that are no selector. */
export function compileAudience({
  labels,
  groups,
  agents,
}: Audience): (agent: AgentRecord, members: Groups) => boolean {
  const matches = labels === undefined ? () => true : labelsTest(labels);
  return ({ heartbeat: { agent, name, labels: own } }, members) =>
    matches(own) &&
    (groups === undefined || groups.some((group) => members.get(group)?.has(agent) === true)) &&
    (agents === undefined || agents.includes(agent) || agents.includes(name));
}

function labelsTest(text: string) {
  try {
    const matchers = parseMetricSelector(text);
    const selector = compileSelector(matchers, "labels");
    return (own: Readonly<Record<string, string>>) => selector.matches(own);
  } catch (cause) {
    const message = `labels are "${text}": expected a selector such as {site="north"} (${messageOf(cause)})`;
    throw new OperatingError("bad_request", message, { cause });
  }
}

/** For people: one line. */
export function audienceText({ labels, groups, agents }: Audience): string {
  const parts = [
    labels ?? [],
    groups === undefined ? [] : `groups ${groups.join(",")}`,
    agents === undefined ? [] : `agents ${agents.join(",")}`,
  ].flat();
  return parts.length === 0 ? "all agents" : parts.join(" and ");
}
