import type { LogsBatch } from "#shared/model/logs.ts";
import { notText, RegexAutomaton } from "#shared/text/regex_automaton.ts";
import { RegexProgram } from "#shared/text/regex_program.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";
import type { LineFilter } from "./source.ts";

/** Whether record `index`, whose body is [start, end) of the batch's bodies, passes. Ask in ascending order. */
type RecordTest = (index: number, start: number, end: number) => boolean;

/** Filters of a select, made once; opened for each batch. Throws OperatingError("bad_request") for a bad regular expression. */
export function compileLineFilters(
  filters: readonly LineFilter[],
): (batch: LogsBatch) => RecordTest {
  const opens = filters.map(compileFilter);
  return (batch) => {
    const tests = opens.map((open) => open(batch));
    return (index, start, end) => tests.every((test) => test(index, start, end));
  };
}

function compileFilter({ op, values }: LineFilter): (batch: LogsBatch) => RecordTest {
  const wanted = op === "|=" || op === "|~";
  if (op === "|=" || op === "!=") {
    const needles = values.map((value) => Buffer.from(value));
    return (batch) => {
      const finds = needles.map((needle) => needleFinder(batch, needle));
      return (_index, start, end) => finds.some((find) => find(start, end)) === wanted;
    };
  }
  const tests = values.map((value) => regexTest(value));
  return ({ bodies }) =>
    (_index, start, end) =>
      tests.some((test) => test(bodies, start, end)) === wanted;
}

/** Runs over the bytes; what is no UTF-8, and patterns of too many states, are left to re2js. */
function regexTest(pattern: string): (bodies: Uint8Array, start: number, end: number) => boolean {
  const regex = searchingRegex(pattern, queryStepsMax());
  const program = RegexProgram.of(pattern);
  const automaton = program && new RegexAutomaton(program);
  return (bodies, start, end) => {
    if (automaton !== undefined && !automaton.hasFailed) {
      const state = automaton.run(automaton.start, bodies, start, end);
      if (state !== notText) {
        const isMatch = automaton.isMatchAtEnd(state);
        if (isMatch || !automaton.hasFailed) return isMatch;
      }
    }
    return regex.test(textOf(bodies, start, end));
  };
}

/**
 * Searches the bodies of a batch as one text and remembers where the needle comes next, so that a needle that is rare
 * costs one search and not one a record.
 */
function needleFinder({ bodies }: LogsBatch, needle: Buffer) {
  const text = Buffer.from(bodies.buffer, bodies.byteOffset, bodies.length);
  let next = -1;
  return (start: number, end: number): boolean => {
    if (needle.length === 0) return true;
    if (next < start) {
      next = text.indexOf(needle, start);
      if (next < 0) next = Number.POSITIVE_INFINITY;
    }
    // A hit that runs over the record's end is the first one from here, so the record holds none.
    return next + needle.length <= end;
  };
}

/** A body as text; bytes that are not UTF-8 become U+FFFD. */
export function textOf(bodies: Uint8Array, start: number, end: number): string {
  return Buffer.from(bodies.buffer, bodies.byteOffset + start, end - start).toString("utf8");
}
