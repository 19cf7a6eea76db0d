import { assertNever } from "#shared/assert.ts";
import { compileMatchers } from "#shared/query_language/matchers.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { SilenceMatcher } from "../../../client/alertmanager.ts";
import type { MatchOperator } from "../../../promql/expr.ts";
import { readMatchers } from "../../../promql/label_conditions.ts";

/** The matchers of a text such as `alertname="DiskFull", host=~"db.*"`, or what is wrong with it. */
export function silenceMatchers(
  text: string,
): { readonly matchers: readonly SilenceMatcher[] } | { readonly fault: string } {
  const read = readMatchers(text);
  if (read === undefined) return { fault: 'expected name="value", joined by commas' };
  const matchers = read.map(({ label, op, value }) => ({ name: label, value, ...formOf(op) }));
  if (matchers.length === 0) return { fault: "expected at least one matcher" };
  try {
    if (silences(matchers)({}))
      return { fault: "one matcher must require a label: these match alerts without any" };
  } catch (thrown) {
    return { fault: thrown instanceof Error ? thrown.message : String(thrown) };
  }
  return { matchers };
}

function formOf(op: MatchOperator): { readonly isRegex: boolean; readonly isEqual: boolean } {
  switch (op) {
    case "=":
      return { isRegex: false, isEqual: true };
    case "!=":
      return { isRegex: false, isEqual: false };
    case "=~":
      return { isRegex: true, isEqual: true };
    case "!~":
      return { isRegex: true, isEqual: false };
    default:
      return assertNever(op);
  }
}

function operatorOf({ isRegex, isEqual }: SilenceMatcher): MatchOperator {
  if (isRegex) return isEqual ? "=~" : "!~";
  return isEqual ? "=" : "!=";
}

/** Which labels matchers silence. Throws for a bad regular expression. */
export function silences(matchers: readonly SilenceMatcher[]): (labels: Labels) => boolean {
  return compileMatchers(
    matchers.map((matcher) => ({
      name: matcher.name,
      value: matcher.value,
      op: operatorOf(matcher),
    })),
  );
}

/** The text of matchers, as silenceMatchers() reads it. */
export function matchersText(matchers: readonly SilenceMatcher[]): string {
  return matchers
    .map(
      (matcher) =>
        `${nameText(matcher.name)}${operatorOf(matcher)}${JSON.stringify(matcher.value)}`,
    )
    .join(", ");
}

function nameText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

/** The text that silences exactly what has these labels. */
export function textOfLabels(labels: Labels): string {
  return matchersText(
    Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
  );
}
