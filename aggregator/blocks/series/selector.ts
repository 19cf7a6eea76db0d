import { metricNameLabel, type Labels, type Matcher } from "#shared/model/labels.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";
import { compareTexts, pairText } from "./labels_text.ts";
import { quoted } from "../../duckdb/duckdb.ts";

/** A selector in two parts: what DuckDB filters by, so that it reads less, and the whole of it, checked on every label set. */
export type Selector = {
  /** SQL conditions, joined by AND; "true" when there is nothing to tell. */
  readonly sql: string;
  /** Equal for equal selectors. */
  readonly key: string;
  /** The metric's name, where only one can match. */
  readonly name: string | undefined;
  /** Whether a series of this metric may match, by its name alone. */
  matchesName(name: string): boolean;
  matches(labels: Labels): boolean;
};

/** For metrics `column` is "labels", and the name has a column of its own; for logs it is "stream". */
export function compileSelector(
  matchers: readonly Matcher[],
  column: "labels" | "stream",
): Selector {
  const conditions = matchers.map((matcher) => condition(matcher, column));
  const sql = conditions.filter((one) => one !== undefined).join(" AND ");
  const tests = matchers.map((matcher) => compileMatcher(matcher));
  const ofName = (_: unknown, i: number) => matchers[i]?.name === metricNameLabel;
  const nameTests = tests.filter(ofName);
  return {
    name: matchers.find((one, i) => one.op === "=" && ofName(one, i))?.value,
    matchesName: (name) => nameTests.every((test) => test({ [metricNameLabel]: name })),
    sql: sql === "" ? "true" : sql,
    key: JSON.stringify(
      matchers
        .map(({ name, op, value }) => JSON.stringify([name, op, value]))
        .toSorted(compareTexts),
    ),
    matches: (labels) => tests.every((test) => test(labels)),
  };
}

/** Several selectors as alternatives; none means everything. */
export function compileSelectors(
  selectors: readonly (readonly Matcher[])[],
  column: "labels" | "stream",
): Selector {
  const compiled = selectors.map((matchers) => compileSelector(matchers, column));
  return {
    sql: compiled.length === 0 ? "true" : compiled.map(({ sql }) => `(${sql})`).join(" OR "),
    key: JSON.stringify(compiled.map(({ key }) => key)),
    name: compiled.length === 1 ? compiled[0]?.name : undefined,
    matchesName: (name) =>
      compiled.length === 0 || compiled.some((selector) => selector.matchesName(name)),
    matches: (labels) =>
      compiled.length === 0 || compiled.some((selector) => selector.matches(labels)),
  };
}

function compileMatcher(matcher: Matcher): (labels: Labels) => boolean {
  const { name, op, value } = matcher;
  if (op === "=") return (labels) => (labels[name] ?? "") === value;
  if (op === "!=") return (labels) => (labels[name] ?? "") !== value;
  const test = compileValueTest(matcher);
  // Label values repeat from set to set.
  const known = new Map<string, boolean>();
  return (labels) => {
    const text = labels[name] ?? "";
    let result = known.get(text);
    if (result === undefined) {
      result = test(text);
      if (known.size < knownMax) known.set(text, result);
    }
    return result;
  };
}

/** Whether a value of the matcher's label matches; an absent label has the value "". Throws OperatingError("bad_request") for a bad regular expression. */
export function compileValueTest({ op, value }: Matcher): (text: string) => boolean {
  switch (op) {
    case "=":
      return (text) => text === value;
    case "!=":
      return (text) => text !== value;
    case "=~":
    case "!~": {
      const regex = anchoredRegex(value, queryStepsMax());
      return (text) => regex.test(text) === (op === "=~");
    }
  }
}

const knownMax = 10_000;

function condition({ name, op, value }: Matcher, column: string): string | undefined {
  if (name === metricNameLabel && column === "labels") {
    if (op === "=") return `name = ${quoted(value)}`;
    if (op === "!=") return `name <> ${quoted(value)}`;
    anchoredRegex(value);
    const match = `regexp_full_match(name, ${quoted(`(?s:${value})`)})`;
    return op === "=~" ? match : `NOT ${match}`;
  }
  if (op === "=" && value !== "") return `contains(${column}, ${quoted(pairText(name, value))})`;
  return undefined;
}
