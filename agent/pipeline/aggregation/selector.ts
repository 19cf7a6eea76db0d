import { messageOf, OperatingError } from "#shared/errors.ts";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import { compileMatchers } from "#shared/query_language/matchers.ts";

/** Whether a series is selected. */
export type Selects = (labels: Labels) => boolean;

/** Prometheus's series selector: `name`, `name{job="x"}`, `{__name__=~"a|b"}`. Throws OperatingError("bad_request"). */
export function compileSelector(text: string): Selects {
  try {
    const matchers = parse(text);
    if (matchers.length > 0) return compileMatchers(matchers);
  } catch (cause) {
    throw expected(text, ` (${messageOf(cause)})`);
  }
  throw expected(text);
}

/** Loaded by the first selector that is written: most agents select no series. */
function parse(text: string): readonly Matcher[] {
  const loaded: typeof import("#shared/query_language/promql/parse.ts") = require("#shared/query_language/promql/parse.ts");
  return loaded.parseMetricSelector(text);
}

function expected(text: string, why = ""): OperatingError {
  return new OperatingError(
    "bad_request",
    `"${text}": expected a selector of series, such as http_requests_total{job="web"}${why}`,
  );
}
