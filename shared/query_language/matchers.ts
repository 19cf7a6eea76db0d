import type { Labels, Matcher } from "#shared/model/labels.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";

/** Whether a text fits. */
export type TextTest = (text: string) => boolean;

/** Whether a label's value fits a matcher. `regexTest` compiles an anchored expression. Throws OperatingError("bad_request"). */
export function compileMatcher(
  { op, value }: Matcher,
  regexTest: (pattern: string) => TextTest = plainRegexTest,
): TextTest {
  switch (op) {
    case "=":
      return (text) => text === value;
    case "!=":
      return (text) => text !== value;
    case "=~":
      return regexTest(value);
    case "!~": {
      const test = regexTest(value);
      return (text) => !test(text);
    }
  }
}

/** Whether a label set fits all matchers; a missing label is the empty text. Throws as compileMatcher() does. */
export function compileMatchers(
  matchers: readonly Matcher[],
  regexTest?: (pattern: string) => TextTest,
): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => ({
    name: matcher.name,
    test: compileMatcher(matcher, regexTest),
  }));
  return (labels) => tests.every(({ name, test }) => test(labels[name] ?? ""));
}

function plainRegexTest(pattern: string): TextTest {
  const regex = anchoredRegex(pattern);
  return (text) => regex.test(text);
}

/** Whether the matcher lets a label set without the label pass. */
export function matchesEmpty(matcher: Matcher): boolean {
  return compileMatcher(matcher)("");
}
