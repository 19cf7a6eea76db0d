import type { SyntaxNode } from "@lezer/common";
import type { LRParser } from "@lezer/lr";
import { parser as logql } from "@grafana/lezer-logql";
import { parser as promql } from "@prometheus-io/lezer-promql";
import type { Matcher } from "#shared/model/labels.ts";

const languages = {
  metrics: { parser: promql, selector: "VectorSelector", matchers: "LabelMatchers" },
  logs: { parser: logql, selector: "Selector", matchers: "Matchers" },
} as const;

/** The expression, its variables filled in, with the conditions in each of its selectors. */
export function withMatchers(
  expr: string,
  language: "metrics" | "logs",
  conditions: readonly Matcher[],
): string {
  if (conditions.length === 0) return expr;
  const { parser, selector } = languages[language];
  const text = conditions.map(matcherText).join(", ");
  let result = expr;
  for (const node of nodesOf(parser, expr, selector).toReversed()) {
    const { at, before, after } = gapIn(expr, node);
    result = `${result.slice(0, at)}${before}${text}${after}${result.slice(at)}`;
  }
  return result;
}

function nodesOf(parser: LRParser, expr: string, name: string): readonly SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  parser.parse(expr).iterate({
    enter: (ref) => {
      if (ref.name === name) nodes.push(ref.node);
    },
  });
  return nodes;
}

/** Where in a selector conditions go in, and what stands around them there. */
function gapIn(
  expr: string,
  selector: SyntaxNode,
): { readonly at: number; readonly before: string; readonly after: string } {
  const closes = expr.slice(selector.from, selector.to).endsWith("}");
  if (!closes) return { at: selector.to, before: "{", after: "}" };
  const at = selector.to - 1;
  const inside = expr.slice(selector.from, at).trimEnd();
  return { at, before: inside.endsWith("{") || inside.endsWith(",") ? "" : ", ", after: "" };
}

/** A condition as both languages write it. */
function matcherText({ name, op, value }: Matcher): string {
  const label = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : JSON.stringify(name);
  return `${label}${op}${JSON.stringify(value)}`;
}
