import type { Labels, Matcher } from "#shared/model/labels.ts";
import * as shared from "#shared/query_language/matchers.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";

/** Answers of a regular expression that are remembered: label values repeat from set to set. */
const knownMax = 10_000;

/** Whether a label set fits all matchers of a query; a missing label is the empty text. Throws OperatingError("bad_request"). */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  return shared.compileMatchers(matchers, rememberingTest);
}

/** Whether a label's value fits one matcher of a query. */
export function compileMatcher(matcher: Matcher): shared.TextTest {
  return shared.compileMatcher(matcher, rememberingTest);
}

function rememberingTest(pattern: string): shared.TextTest {
  const regex = anchoredRegex(pattern, queryStepsMax());
  const known = new Map<string, boolean>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const result = regex.test(text);
    if (known.size < knownMax) known.set(text, result);
    return result;
  };
}
