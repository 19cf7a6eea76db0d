import type { Labels, Matcher } from "#shared/model/labels.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";

/** Answers of a regular expression that are remembered: label values repeat from set to set. */
const knownMax = 10_000;

/** Whether a label set fits all matchers; a missing label is the empty text. Throws OperatingError("bad_request"). */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: compileMatcher(matcher) }));
  return (labels) => tests.every(({ name, test }) => test(labels[name] ?? ""));
}

/** Whether a label's value fits one matcher. */
export function compileMatcher({ op, value }: Matcher): (text: string) => boolean {
  if (op === "=") return (text) => text === value;
  if (op === "!=") return (text) => text !== value;
  const regex = anchoredRegex(value, queryStepsMax());
  const known = new Map<string, boolean>();
  const wanted = op === "=~";
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const result = regex.test(text) === wanted;
    if (known.size < knownMax) known.set(text, result);
    return result;
  };
}
