import { searchingRegex } from "#shared/text/linear_regex.ts";
import { queryStepsMax } from "#shared/text/regex_limits.ts";
import type { LineMatch, LineOp, Stage } from "#shared/query_language/logql/ast.ts";
import { parseError, stageError } from "#shared/query_language/logql/errors.ts";
import { lineOf } from "../record_state.ts";
import type { LineFilter } from "../../read/source.ts";
import { compileAddresses } from "#shared/query_language/logql/addresses.ts";
import { adjacentCaptures, fitsPattern, parsePattern } from "./pattern_text.ts";
import type { StageRun } from "./stage.ts";

type LineFilterStage = Extract<Stage, { type: "line_filter" }>;

/** A condition on the line: any of the alternatives, or for `!=`, `!~` and `!>` none of them. */
export function compileLineFilter({ op, matches }: LineFilterStage): StageRun {
  const tests = matches.map((match) => compileMatch(op, match));
  const wanted = op.startsWith("|");
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return (state) => only(lineOf(state)) === wanted;
  return (state) => {
    const line = lineOf(state);
    return tests.some((test) => test(line)) === wanted;
  };
}

function compileMatch(op: LineOp, { kind, value }: LineMatch): (line: string) => boolean {
  if (kind === "ip") return compileAddresses(value, `${op} ip(${JSON.stringify(value)})`);
  if (op === "|=" || op === "!=") return (line) => line.includes(value);
  if (op === "|~" || op === "!~") {
    const regex = searchingRegex(value, queryStepsMax());
    return (line) => regex.test(line);
  }
  const parts = parsePattern(value);
  const adjacent = adjacentCaptures(parts);
  if (adjacent !== undefined)
    throw stageError(`${op} ${JSON.stringify(value)}`, `found consecutive capture '${adjacent}'`);
  if (parts.some((part) => part.kind === "capture" && part.name !== undefined))
    throw parseError(`named captures are not allowed: ${JSON.stringify(value)}`);
  return (line) => fitsPattern(parts, line);
}

/**
 * What of a line filter the store can apply: a filter that lets through at least what this one does; undefined where there is none.
 * `isWhole` says that nothing is left to be done after it.
 */
export function pushedFilters({ op, matches }: LineFilterStage): {
  readonly filters: readonly LineFilter[];
  readonly isWhole: boolean;
} {
  const hasAddresses = matches.some(({ kind }) => kind === "ip");
  const values = matches.flatMap(({ kind, value }) => (kind === "text" ? [value] : []));
  if (op === "|>" && matches.length === 1) {
    const texts = parsePattern(values[0] ?? "").flatMap((part) =>
      part.kind === "text" ? [part.text] : [],
    );
    return { filters: texts.map((text) => ({ op: "|=", values: [text] })), isWhole: false };
  }
  if (op === "|>" || op === "!>") return { filters: [], isWhole: false };
  if (!hasAddresses) return { filters: [{ op, values }], isWhole: true };
  // Of "lacks a and no such address" the first half holds by itself.
  const isNegative = op === "!=";
  return { filters: isNegative && values.length > 0 ? [{ op, values }] : [], isWhole: false };
}
