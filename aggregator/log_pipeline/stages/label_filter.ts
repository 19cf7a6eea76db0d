import type { Matcher } from "#shared/model/labels.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";
import {
  type TextTest,
  compileMatcher as compileSharedMatcher,
} from "#shared/query_language/matchers.ts";
import type { CompareOp, LabelFilter } from "#shared/query_language/logql/ast.ts";
import {
  type RecordState,
  errorDetailsLabel,
  errorLabel,
  labelOf,
  setError,
} from "../record_state.ts";
import {
  bytesFault,
  durationFault,
  floatFault,
  parseBytes,
  parseFloat64,
  parseGoDuration,
} from "#shared/text/go_units.ts";
import { compileAddresses } from "#shared/query_language/logql/addresses.ts";
import type { StageRun } from "./stage.ts";

const filterError = "LabelFilterErr";

/**
 * A condition on labels. Texts compare an absent label as empty; numbers, durations and sizes drop a record that lacks the label, and
 * keep one whose value is none, with an error.
 */
export function compileLabelFilter(filter: LabelFilter): StageRun {
  switch (filter.kind) {
    case "and":
    case "or": {
      const left = compileLabelFilter(filter.left);
      const right = compileLabelFilter(filter.right);
      if (filter.kind === "or") return (state) => left(state) || right(state);
      // Both sides are looked at, since the right one's errors are wanted too.
      return (state) => {
        const holds = left(state);
        return right(state) && holds;
      };
    }
    case "matcher": {
      const test = compileMatcher(filter.matcher);
      const { name } = filter.matcher;
      return (state) => test(valueForText(state, name));
    }
    case "ip":
      return compileIp(filter);
    default:
      return compileComparison(filter);
  }
}

function valueForText(state: RecordState, name: string): string {
  if (name === errorLabel) return state.error;
  if (name === errorDetailsLabel) return state.details;
  return labelOf(state, name) ?? "";
}

/** Whether a label's value fits; "" stands for a label that is absent. */
export function compileMatcher(matcher: Matcher): TextTest {
  return compileSharedMatcher(matcher, regexTest);
}

/** Alternatives of plain texts ("a|b|c") need no engine; values that come again are remembered. */
function regexTest(pattern: string): TextTest {
  if (pattern === ".*") return () => true;
  if (pattern === ".+") return (text) => text !== "";
  if (/^[\w -]+(?:\|[\w -]+)*$/.test(pattern)) {
    const values = new Set(pattern.split("|"));
    return (text) => values.has(text);
  }
  const regex = anchoredRegex(pattern, queryStepsMax());
  const memo = new Map<string, boolean>();
  return (text) => {
    const known = memo.get(text);
    if (known !== undefined) return known;
    const holds = regex.test(text);
    if (memo.size < 1_000 && text.length < 200) memo.set(text, holds);
    return holds;
  };
}

function compileIp({ name, op, value }: Extract<LabelFilter, { kind: "ip" }>): StageRun {
  const holds = compileAddresses(value, `| ${name}${op}ip(${JSON.stringify(value)})`);
  const wanted = op === "=";
  return (state) => {
    // Only texts may filter a record out by its error.
    if (state.error !== "") return true;
    const text = labelOf(state, name);
    return text !== undefined && holds(text) === wanted;
  };
}

const readers = {
  number: { read: parseFloat64, fault: floatFault },
  duration: { read: parseGoDuration, fault: durationFault },
  bytes: { read: parseBytes, fault: bytesFault },
} as const;

const compare: Readonly<Record<CompareOp, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
};

function compileComparison({
  kind,
  name,
  op,
  value,
}: Extract<LabelFilter, { kind: "number" | "duration" | "bytes" }>): StageRun {
  const { read, fault } = readers[kind];
  const holds = compare[op];
  return (state) => {
    const text = labelOf(state, name);
    if (text === undefined) return false;
    const found = read(text);
    if (found !== undefined) return holds(found, value);
    // An earlier error says more.
    if (state.error === "") setError(state, filterError, fault(text));
    return true;
  };
}

/** Names of the labels that a condition looks at. */
export function namesOfFilter(filter: LabelFilter): string[] {
  switch (filter.kind) {
    case "and":
    case "or":
      return [...namesOfFilter(filter.left), ...namesOfFilter(filter.right)];
    case "matcher":
      return [filter.matcher.name];
    default:
      return [filter.name];
  }
}

/** Whether a record's error decides about a condition, so that it has to be found. */
export function looksAtErrors(filter: LabelFilter): boolean {
  if (filter.kind === "and" || filter.kind === "or")
    return looksAtErrors(filter.left) || looksAtErrors(filter.right);
  if (filter.kind === "ip") return true;
  const names = namesOfFilter(filter);
  return names.includes(errorLabel) || names.includes(errorDetailsLabel);
}
