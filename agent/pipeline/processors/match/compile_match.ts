import { messageOf, OperatingError } from "#shared/errors.ts";
import type {
  CompareOp,
  LabelFilter,
  LineMatch,
  LineOp,
  Stage,
} from "#shared/query_language/logql/ast.ts";
import { parseRecordFilter } from "#shared/query_language/logql/parse.ts";
import { compileMatcher, compileMatchers } from "#shared/query_language/matchers.ts";
import { recordRegex } from "#shared/text/linear_regex.ts";
import type { Records } from "../records.ts";

/** Throws an error of isTooManySteps() where an expression takes too many steps for the record. */
export type Matches = (records: Records, row: number) => boolean;

/** Throws OperatingError("bad_request") that says what was expected. */
export function compileMatch(text: string): Matches {
  try {
    const { matchers, stages } = parseRecordFilter(text);
    const onStream = compileMatchers(matchers, recordTest);
    const onRecord = stages.map(stageTest);
    // Streams are few and live long, so each is judged once.
    const judged = new WeakMap<object, boolean>();
    const streamMatches = (records: Records, row: number): boolean => {
      const labels = records.stream(row);
      let verdict = judged.get(labels);
      if (verdict === undefined) {
        verdict = onStream(labels);
        judged.set(labels, verdict);
      }
      return verdict;
    };
    return (records, row) =>
      streamMatches(records, row) && onRecord.every((test) => test(records, row));
  } catch (cause) {
    throw new OperatingError(
      "bad_request",
      `"${text}": expected a selector with filters, such as {job="nginx"} |= "GET" | status >= 500 (${messageOf(cause)})`,
    );
  }
}

/** Regular expressions over records may take so many steps and no more. */
function recordTest(pattern: string): (text: string) => boolean {
  const regex = recordRegex.anchored(pattern);
  return (text) => regex.test(text);
}

function refused(what: string): OperatingError {
  return new OperatingError(
    "bad_request",
    `${what} is not evaluated by processors: expected line filters and label filters`,
  );
}

function stageTest(stage: Stage): Matches {
  switch (stage.type) {
    case "line_filter":
      return lineTest(stage.op, stage.matches);
    case "label_filter":
      return filterTest(stage.filter);
    case "json":
    case "logfmt":
    case "regexp":
    case "pattern":
    case "unpack":
    case "decolorize":
    case "line_format":
    case "label_format":
    case "drop":
    case "keep":
      throw refused(`"| ${stage.type}"`);
  }
}

/** One test, or two joined by `and`, `or` or a comma. */
function filterTest(filter: LabelFilter): Matches {
  switch (filter.kind) {
    case "matcher": {
      const { name } = filter.matcher;
      const test = compileMatcher(filter.matcher, recordTest);
      return (records, row) => test(records.field(row, name) ?? "");
    }
    case "number":
      return numberTest(filter.name, filter.op, filter.value);
    case "and": {
      const [left, right] = [filterTest(filter.left), filterTest(filter.right)];
      return (records, row) => left(records, row) && right(records, row);
    }
    case "or": {
      const [left, right] = [filterTest(filter.left), filterTest(filter.right)];
      return (records, row) => left(records, row) || right(records, row);
    }
    case "duration":
    case "bytes":
    case "ip":
      throw refused(`comparing "${filter.name}" as ${asWhat[filter.kind]}`);
  }
}

const asWhat = { duration: "a duration", bytes: "a size", ip: "an address" } as const;

/** Strings are looked for as bytes, so that a line that is not meant costs no text. */
function lineTest(op: LineOp, matches: readonly LineMatch[]): Matches {
  if (matches.some(({ kind }) => kind === "ip")) throw refused('a line filter by "ip"');
  const values = matches.map(({ value }) => value);
  switch (op) {
    case "|=":
      return containsTest(values, true);
    case "!=":
      return containsTest(values, false);
    case "|~":
      return findsTest(values, true);
    case "!~":
      return findsTest(values, false);
    case "|>":
    case "!>":
      throw refused(`"${op}"`);
  }
}

function containsTest(values: readonly string[], isWanted: boolean): Matches {
  const needles = values.map((value) => Buffer.from(value));
  return (records, row) => {
    const { buffer, byteOffset } = records.bodyBytes(row);
    const start = records.bodyStart(row);
    const body = Buffer.from(buffer, byteOffset + start, records.bodyEnd(row) - start);
    return needles.some((needle) => body.includes(needle)) === isWanted;
  };
}

function findsTest(values: readonly string[], isWanted: boolean): Matches {
  const regexes = values.map((value) => recordRegex.searching(value));
  return (records, row) => {
    const body = records.bodyText(row);
    return regexes.some((regex) => regex.test(body)) === isWanted;
  };
}

const comparisons: Readonly<Record<CompareOp, (a: number, b: number) => boolean>> = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

function numberTest(name: string, op: CompareOp, limit: number): Matches {
  const compare = comparisons[op];
  return (records, row) => {
    const value = records.field(row, name);
    return value !== undefined && value !== "" && compare(Number(value), limit);
  };
}
