import { parser } from "@grafana/lezer-logql";
import type { SyntaxNode } from "@lezer/common";
import { OperatingError } from "#shared/errors.ts";
import type { Matcher } from "#shared/model/labels.ts";
import { anchoredRegex, searchingRegex } from "#shared/text/linear_regex.ts";
import { parseDuration } from "#shared/text/duration.ts";
import type { LineFilter } from "../source.ts";
import type { LogQuery, LogqlQuery, MetricQuery } from "./ast.ts";
import { arithmeticOps, rangeOps, vectorOps } from "./ast.ts";

/** A query that is no LogQL, or uses a part of it that is not supported; the message is Loki's kind of sentence. */
export class LogqlError extends OperatingError {
  constructor(message: string) {
    super("bad_request", message);
  }
}

/** LogQL text to its tree. Throws LogqlError. */
export function parseLogql(text: string): LogqlQuery {
  const tree = parser.parse(text);
  tree.iterate({
    enter: ({ type, from }) => {
      if (type.isError)
        throw new LogqlError(
          `parse error at ${placeOf(text, from)}: syntax error: ${near(text, from)}`,
        );
    },
  });
  const expression = tree.topNode.getChild("Expr");
  if (expression === null) throw new LogqlError("parse error: the query is empty");
  const log = expression.getChild("LogExpr");
  if (log !== null) return logQuery(log, text);
  const metric = expression.getChild("MetricExpr");
  if (metric !== null) return metricQuery(metric, text);
  return unsupported(expression, text);
}

function logQuery(node: SyntaxNode, text: string): LogQuery {
  const selector = node.getChild("Selector");
  if (selector === null) return unsupported(node, text);
  const matchers = descendants(selector, "Matcher").map((matcher) => matcherOf(matcher, text));
  if (!matchers.some((matcher) => !matchesEmpty(matcher)))
    throw new LogqlError(
      "parse error: queries require at least one regexp or equality matcher that does not have an empty-compatible value",
    );
  const lineFilters: LineFilter[] = [];
  const labelFilters: Matcher[] = [];
  for (const stage of stagesOf(node)) {
    const filters = descendants(stage, "LineFilter");
    const label = stage.getChild("LabelFilter")?.getChild("Matcher");
    if (filters.length > 0)
      lineFilters.push(...filters.map((filter) => lineFilterOf(filter, text)));
    else if (label !== null && label !== undefined) labelFilters.push(matcherOf(label, text));
    else return unsupported(stage, text);
  }
  return { kind: "log", matchers, lineFilters, labelFilters };
}

/** Pipelines nest to the left: the stages in the order they are written. */
function stagesOf(node: SyntaxNode): SyntaxNode[] {
  const pipeline = node.getChild("PipelineExpr");
  if (pipeline === null) return [];
  return [...stagesOf(pipeline), ...pipeline.getChildren("PipelineStage")];
}

function matcherOf(node: SyntaxNode, text: string): Matcher {
  const name = textOf(node.getChild("Identifier"), text);
  const value = stringOf(node.getChild("String"), text);
  const op = (["=", "!=", "=~", "!~"] as const)[
    ["Eq", "Neq", "Re", "Nre"].findIndex((kind) => node.getChild(kind) !== null)
  ];
  if (op === undefined) return unsupported(node, text);
  if (op === "=~" || op === "!~") anchoredRegex(value);
  return { name, op, value };
}

function lineFilterOf(node: SyntaxNode, text: string): LineFilter {
  const opText = textOf(node.getChild("Filter"), text);
  const op = (["|=", "!=", "|~", "!~"] as const).find((known) => known === opText);
  if (op === undefined || node.getChild("FilterOp") !== null) return unsupported(node, text);
  const alternatives = descendants(node, "String");
  const values = alternatives.map((value) => stringOf(value, text));
  if (op === "|~" || op === "!~") for (const value of values) searchingRegex(value);
  return { op, values };
}

function metricQuery(node: SyntaxNode, text: string): MetricQuery {
  const inner = node.name === "MetricExpr" ? node.firstChild : node;
  switch (inner?.name) {
    case "RangeAggregationExpr":
      return rangeQuery(inner, text);
    case "VectorAggregationExpr":
      return aggregateQuery(inner, text);
    case "BinOpExpr":
      return binaryQuery(inner, text);
    case "LiteralExpr":
      return { kind: "number", value: Number(textOf(inner, text)) };
    case "VectorExpr":
      return { kind: "vector", value: Number(/\(([^)]*)\)/.exec(textOf(inner, text))?.[1]) };
    case "MetricExpr":
      return metricQuery(inner, text);
    default: {
      const nested = node.getChild("MetricExpr");
      return nested === null ? unsupported(node, text) : metricQuery(nested, text);
    }
  }
}

function rangeQuery(node: SyntaxNode, text: string): MetricQuery {
  const opText = textOf(node.getChild("RangeOp"), text);
  const op = rangeOps.find((known) => known === opText);
  const log = node.getChild("LogRangeExpr");
  if (op === undefined || log === null || node.getChild("Grouping") !== null)
    return unsupported(node, text);
  const range = parseDuration(textOf(log.getChild("Range"), text).slice(1, -1));
  if (range === undefined || range <= 0) return unsupported(log, text);
  const offset = log.getChild("OffsetExpr")?.getChild("Duration") ?? null;
  const offsetMs = offset === null ? 0 : (parseDuration(textOf(offset, text)) ?? 0);
  return { kind: "range", op, log: logQuery(log, text), rangeMs: range, offsetMs };
}

function aggregateQuery(node: SyntaxNode, text: string): MetricQuery {
  const opText = textOf(node.getChild("VectorOp"), text);
  const op = vectorOps.find((known) => known === opText);
  const of = node.getChild("MetricExpr");
  if (op === undefined || of === null) return unsupported(node, text);
  const grouping = node.getChild("Grouping");
  const names = grouping === null ? [] : descendants(grouping, "Identifier");
  return {
    kind: "aggregate",
    op,
    grouping: {
      without: grouping !== null && grouping.getChild("Without") !== null,
      names: names.map((name) => textOf(name, text)),
    },
    of: metricQuery(of, text),
  };
}

function binaryQuery(node: SyntaxNode, text: string): MetricQuery {
  const [left, right] = node.getChildren("Expr");
  const between = left === undefined || right === undefined ? "" : text.slice(left.to, right.from);
  const op = arithmeticOps.find((known) => known === between.trim());
  const sides = [left?.getChild("MetricExpr"), right?.getChild("MetricExpr")];
  if (op === undefined || !sides[0] || !sides[1]) return unsupported(node, text);
  return {
    kind: "binary",
    op,
    left: metricQuery(sides[0], text),
    right: metricQuery(sides[1], text),
  };
}

/** Does the matcher hold for a label that is absent? */
function matchesEmpty({ op, value }: Matcher): boolean {
  switch (op) {
    case "=":
      return value === "";
    case "!=":
      return value !== "";
    case "=~":
      return anchoredRegex(value).test("");
    case "!~":
      return !anchoredRegex(value).test("");
  }
}

function descendants(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name === name) found.push(child);
    else found.push(...descendants(child, name));
  }
  return found;
}

/** A quoted string's value: Go's escapes in double quotes, none in backticks. */
function stringOf(node: SyntaxNode | null, text: string): string {
  const quoted = textOf(node, text);
  if (quoted.startsWith("`")) return quoted.slice(1, -1);
  try {
    // Go's \a, \v, \x.. and \' are the only escapes that JSON lacks and that people write in queries.
    const json = quoted
      .replaceAll(/\\x([0-9a-fA-F]{2})/g, "\\u00$1")
      .replaceAll("\\a", "\\u0007")
      .replaceAll("\\v", "\\u000b");
    return String(JSON.parse(json));
  } catch {
    throw new LogqlError(`parse error: invalid string ${quoted}`);
  }
}

function textOf(node: SyntaxNode | null, text: string): string {
  return node === null ? "" : text.slice(node.from, node.to);
}

function unsupported(node: SyntaxNode, text: string): never {
  throw new LogqlError(
    `not supported yet at ${placeOf(text, node.from)}: ${near(text, node.from)}`,
  );
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, col ${(before.at(-1)?.length ?? 0) + 1}`;
}

function near(text: string, offset: number): string {
  return offset >= text.length
    ? "unexpected end of the query"
    : `near "${text.slice(offset, offset + 30)}"`;
}
