import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";

export type LabelMatcher = {
  readonly source: string;
  readonly matches: (labels: Labels) => boolean;
};

const shape = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\["\\])*)"\s*$/;

/** One condition as in a selector of PromQL: `region="eu"`, `env!="dev"`, `zone=~"a|b"`. A label that is absent is empty. */
export const LabelMatcher = z.string().transform((text, context): LabelMatcher => {
  const [, name = "", operator = "", quoted = ""] = shape.exec(text) ?? [];
  const value = quoted.replaceAll(/\\(["\\])/g, "$1");
  const fault = (message: string) => {
    context.addIssue({ code: "custom", message, input: text });
    return z.NEVER;
  };
  if (operator === "") return fault(`expected a condition such as region=~"eu-.*"`);
  try {
    const regex = operator.endsWith("~") ? anchoredRegex(value) : undefined;
    const test = (found: string) => (regex === undefined ? found === value : regex.test(found));
    const isWanted = !operator.startsWith("!");
    return { source: text, matches: (labels) => test(labels[name] ?? "") === isWanted };
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    return fault(thrown.message);
  }
});

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
