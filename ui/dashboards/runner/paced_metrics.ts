import { selectorText } from "../../promql/expr.ts";
import { selectorsRangedBy } from "../../promql/rated_selectors.ts";

/** What of a selector tells apart sources that may send at different paces. The other labels only tell apart their series. */
const tellsSource: ReadonlySet<string> = new Set(["__name__", "job"]);
const variables = /\b__(?:rate_)?interval\b/;

/**
 * The metrics over which an expression takes `$__interval` or `$__rate_interval`, as selectors of a name and a job, each once: how
 * often their samples come decides whether there are any in such a range. Other variables are filled in.
 */
export function pacedMetrics(query: string): readonly string[] {
  const found = selectorsRangedBy(query, variables).map(({ metric, matchers }) => {
    const kept = matchers.filter(({ label }) => tellsSource.has(label));
    return selectorText(metric, kept);
  });
  return [...new Set(found)].filter((selector) => selector !== "");
}
