import { compileMatchers } from "#shared/query_language/matchers.ts";
import type { Matcher } from "./expr.ts";
import { parsePromql } from "./parse.ts";

/** Whether labels meet the conditions of a filter. */
export type LabelConditions = (labels: Readonly<Record<string, string>>) => boolean;

/** Matchers as in a selector of PromQL, `severity="critical", team!~"db|web"`, or without quotes; undefined for a text that is neither. */
export function readMatchers(text: string): readonly Matcher[] | undefined {
  if (text.trim() === "") return [];
  const { expr } = [text, withQuotes(text)]
    .map((each) => parsePromql(`{${each}}`))
    .find((parsed) => parsed.expr?.kind === "selector") ?? { expr: undefined };
  if (expr?.kind !== "selector" || expr.metric !== "" || !/\}\s*$/.test(expr.text))
    return undefined;
  return expr.matchers;
}

/** What the matchers of a text select; undefined where it cannot be read. */
export function readConditions(text: string): LabelConditions | undefined {
  const matchers = readMatchers(text);
  if (matchers === undefined) return undefined;
  try {
    return compileMatchers(matchers.map(({ label, ...rest }) => ({ name: label, ...rest })));
  } catch {
    return undefined;
  }
}

/** Puts quotes around names and values that have none: `team!=db`, `service.name="a"`. */
function withQuotes(text: string): string {
  return text
    .replaceAll(/(^|,)\s*([^\s"=!,]+)(?=\s*!?=)/g, '$1"$2"')
    .replaceAll(/(=~?|!~)\s*([^\s"'`=~,][^"'`,]*?)\s*(?=,|$)/g, '$1"$2"');
}
