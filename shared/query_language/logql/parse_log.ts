import type { Matcher } from "#shared/model/labels.ts";
import { matchesEmpty } from "../matchers.ts";
import type {
  Extraction,
  LabelChoice,
  LabelFormat,
  LineMatch,
  LineOp,
  LogQuery,
  Stage,
} from "./ast.ts";
import { lineOps } from "./ast.ts";
import { parseError, stageError } from "./errors.ts";
import { printStage } from "./print.ts";
import { compileAddresses } from "./addresses.ts";
import {
  type Cursor,
  accept,
  expect,
  isFunction,
  isNext,
  peek,
  take,
  unexpected,
} from "./cursor.ts";
import { matcherAfter, parseAddresses, parseLabelFilter } from "./parse_label_filter.ts";

/** `{a="b", c=~"d"}`. */
export function parseSelector(cursor: Cursor): Matcher[] {
  expect(cursor, "{");
  const matchers: Matcher[] = [];
  if (accept(cursor, "}")) return matchers;
  while (true) {
    const name = isNext(cursor, "IDENTIFIER") ? take(cursor).text : undefined;
    if (name === undefined) {
      if (matchers.length === 0) throw unexpected(cursor, "IDENTIFIER", "}");
      throw unexpected(cursor, "IDENTIFIER");
    }
    matchers.push(matcherAfter(cursor, name));
    if (accept(cursor, "}")) return matchers;
    expect(cursor, ",", "}");
  }
}

/** Refuses a selector that any stream could fit. */
export function checkMatchers({ matchers }: LogQuery): void {
  if (matchers.some((matcher) => !matchesEmpty(matcher))) return;
  throw parseError(
    "queries require at least one regexp or equality matcher that does not have an empty-compatible value. " +
      'For instance, app=~".*" does not meet this requirement, but app=~".+" will',
  );
}

/** All stages that follow, up to an unwrap or whatever is none. */
export function parseStages(cursor: Cursor): Stage[] {
  const stages: Stage[] = [];
  while (true) {
    const op = lineOps.find((known) => isNext(cursor, known));
    if (op !== undefined) stages.push(parseLineFilter(cursor, op));
    else if (isNext(cursor, "|") && !isNext(cursor, "unwrap", 1)) {
      take(cursor);
      stages.push(parseStage(cursor));
    } else return stages;
  }
}

function parseLineFilter(cursor: Cursor, op: LineOp): Stage {
  take(cursor);
  const matches: LineMatch[] = [parseMatch(cursor)];
  while (accept(cursor, "or")) matches.push(parseMatch(cursor));
  const stage: Stage = { type: "line_filter", op, matches };
  for (const { kind, value } of matches) {
    if (kind !== "ip") continue;
    if (op !== "|=" && op !== "!=") throw stageError(printStage(stage), "ip: invalid operation");
    compileAddresses(value, printStage(stage));
  }
  return stage;
}

function parseMatch(cursor: Cursor): LineMatch {
  if (isFunction(cursor, ["ip"])) return { kind: "ip", value: parseAddresses(cursor) };
  return { kind: "text", value: expect(cursor, "STRING", "ip").text };
}

function parseStage(cursor: Cursor): Stage {
  const { type } = peek(cursor);
  switch (type) {
    case "json":
      take(cursor);
      return { type, extractions: parseExtractions(cursor) };
    case "logfmt":
      take(cursor);
      return parseLogfmt(cursor);
    case "regexp":
    case "pattern":
      take(cursor);
      return { type, pattern: expect(cursor, "STRING").text };
    case "unpack":
    case "decolorize":
      take(cursor);
      return { type };
    case "line_format":
      take(cursor);
      return { type, template: expect(cursor, "STRING").text };
    case "label_format":
      take(cursor);
      return { type, formats: listOf(cursor, parseLabelFormat) };
    case "drop":
    case "keep":
      take(cursor);
      return { type, labels: listOf(cursor, parseChoice) };
    case "IDENTIFIER":
    case "(":
      return { type: "label_filter", filter: parseLabelFilter(cursor) };
    default:
      throw unexpected(cursor);
  }
}

function listOf<Item>(cursor: Cursor, parse: (cursor: Cursor) => Item): Item[] {
  const items = [parse(cursor)];
  while (accept(cursor, ",")) items.push(parse(cursor));
  return items;
}

function parseLogfmt(cursor: Cursor): Stage {
  const flags: string[] = [];
  while (isNext(cursor, "FUNCTION_FLAG")) flags.push(take(cursor).text);
  return {
    type: "logfmt",
    strict: flags.includes("--strict"),
    keepEmpty: flags.includes("--keep-empty"),
    extractions: parseExtractions(cursor),
  };
}

function parseExtractions(cursor: Cursor): Extraction[] {
  return isNext(cursor, "IDENTIFIER") ? listOf(cursor, parseExtraction) : [];
}

function parseExtraction(cursor: Cursor): Extraction {
  const label = expect(cursor, "IDENTIFIER").text;
  if (!accept(cursor, "=")) return { label, expression: label };
  return { label, expression: expect(cursor, "STRING").text };
}

function parseLabelFormat(cursor: Cursor): LabelFormat {
  const label = expect(cursor, "IDENTIFIER").text;
  expect(cursor, "=");
  if (isNext(cursor, "STRING")) return { kind: "template", label, template: take(cursor).text };
  return { kind: "rename", label, source: expect(cursor, "IDENTIFIER", "STRING").text };
}

function parseChoice(cursor: Cursor): LabelChoice {
  const name = expect(cursor, "IDENTIFIER").text;
  // What follows may also be a line filter, but one that looks like a condition is taken for it.
  const hasCondition =
    ["=", "!=", "=~", "!~"].some((op) => isNext(cursor, op)) && isNext(cursor, "STRING", 1);
  return hasCondition ? { name, matcher: matcherAfter(cursor, name) } : { name };
}
