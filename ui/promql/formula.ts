import { parser } from "@prometheus-io/lezer-promql";
import { hideVariables } from "./variables.ts";

/** A query of a page, by the letter that formulas call it by. */
export type Named = { readonly ref: string; readonly expr: string };

/** A formula with the queries it names written into it, or why that can't be done. */
export type Filled =
  | { readonly expr: string; readonly error: undefined }
  | { readonly expr: undefined; readonly error: string };

const depthMax = 20;

/**
 * "A / B * 100" as one PromQL expression: where a name of another query stands for a metric without labels, that query
 * is written in, in parentheses. So the aggregator computes it, with all that PromQL can do between queries.
 */
export function fillFormula(text: string, others: readonly Named[]): Filled {
  return fill(text, new Map(others.map(({ ref, expr }) => [ref, expr])), []);
}

/** Names of queries that a formula uses. */
export function refsIn(text: string, refs: readonly string[]): readonly string[] {
  return [...new Set(namesIn(hideVariables(text).text).map(({ name }) => name))].filter((name) =>
    refs.includes(name),
  );
}

function fill(text: string, exprs: ReadonlyMap<string, string>, path: readonly string[]): Filled {
  if (path.length > depthMax) return { expr: undefined, error: `it goes over ${depthMax} queries` };
  const hidden = hideVariables(text);
  let filled = "";
  let at = 0;
  for (const { name, from, to } of namesIn(hidden.text)) {
    const other = exprs.get(name);
    if (other === undefined) continue;
    if (path.includes(name)) return { expr: undefined, error: `${name} is made of itself` };
    if (other.trim() === "") return { expr: undefined, error: `${name} is empty` };
    const inner = fill(other, exprs, [...path, name]);
    if (inner.expr === undefined) return inner;
    filled += `${hidden.restore(hidden.text.slice(at, from))}(${inner.expr.trim()})`;
    at = to;
  }
  return { expr: filled + hidden.restore(hidden.text.slice(at)), error: undefined };
}

/** Metric names that stand alone, without matchers, in their order. */
function namesIn(text: string): { name: string; from: number; to: number }[] {
  const found: { name: string; from: number; to: number }[] = [];
  parser.parse(text).iterate({
    enter: ({ node, from, to }) => {
      if (node.name !== "VectorSelector") return true;
      if (node.firstChild?.name === "Identifier" && node.getChild("LabelMatchers") === null) {
        found.push({ name: text.slice(from, to).trim(), from, to });
      }
      return false;
    },
  });
  return found;
}
