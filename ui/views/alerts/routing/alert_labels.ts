import type { Labels } from "#shared/model/labels.ts";
import { readMatchers } from "../../../promql/label_conditions.ts";

/** The labels of a text such as `severity="critical", team="web"`; none for an empty one. */
export function readLabels(
  text: string,
): { readonly labels: Labels | undefined } | { readonly fault: string } {
  if (text.trim() === "") return { labels: undefined };
  const read = readMatchers(text);
  if (read === undefined) return { fault: 'expected name="value", joined by commas' };
  const other = read.find(({ op }) => op !== "=");
  if (other !== undefined)
    return { fault: `${other.label}${other.op}: an alert has values, expected ${other.label}=` };
  return { labels: Object.fromEntries(read.map(({ label, value }) => [label, value])) };
}
