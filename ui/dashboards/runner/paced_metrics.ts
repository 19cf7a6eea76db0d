import { selectorText, type Expr } from "../../promql/expr.ts";
import { parsePromql } from "../../promql/parse.ts";
import { partsOf, selectorsOf } from "../../promql/rated_selectors.ts";

/** What of a selector tells apart sources that may send at different paces. The other labels only tell apart their series. */
const tellsSource: ReadonlySet<string> = new Set(["__name__", "job"]);
const variables = /\b__(?:rate_)?interval\b/;

/**
 * The metrics over which an expression takes `$__interval` or `$__rate_interval`, as selectors of a name and a job, each once: how
 * often their samples come decides whether there are any in such a range. Other variables are filled in.
 */
export function pacedMetrics(query: string): readonly string[] {
  if (!variables.test(query)) return [];
  const { expr } = parsePromql(query);
  if (expr === undefined) return [];
  const found = new Set<string>();
  collect(expr, found);
  return [...found];
}

function collect(expr: Expr, found: Set<string>): void {
  const isPaced = (expr.kind === "range" || expr.kind === "subquery") && variables.test(expr.range);
  if (isPaced) {
    for (const { metric, matchers } of selectorsOf(expr.expr)) {
      const kept = matchers.filter(({ label }) => tellsSource.has(label));
      const text = selectorText(metric, kept);
      if (text !== "") found.add(text);
    }
  }
  for (const part of partsOf(expr)) collect(part, found);
}
