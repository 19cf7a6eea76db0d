import { compileMatchers } from "#shared/query_language/matchers.ts";
import { parsePromql } from "../../promql/parse.ts";

/** Whether labels meet the conditions of a filter. */
export type LabelConditions = (labels: Readonly<Record<string, string>>) => boolean;

/** Conditions as in a selector of PromQL, `severity="critical", team!~"db|web"`, or without quotes; undefined where the text is none of that. */
export function readConditions(text: string): LabelConditions | undefined {
  if (text.trim() === "") return () => true;
  const { expr } = [text, withQuotes(text)]
    .map((each) => parsePromql(`{${each}}`))
    .find((parsed) => parsed.expr?.kind === "selector") ?? { expr: undefined };
  if (expr?.kind !== "selector" || expr.metric !== "" || !/\}\s*$/.test(expr.text))
    return undefined;
  try {
    return compileMatchers(expr.matchers.map(({ label, ...rest }) => ({ name: label, ...rest })));
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
