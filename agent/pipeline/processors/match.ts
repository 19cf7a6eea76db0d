import type { SyntaxNode } from "@lezer/common";
import { z } from "zod";
import { messageOf, OperatingError } from "#shared/errors.ts";
import { recordRegex } from "#shared/text/linear_regex.ts";
import type { Records } from "./records.ts";

/** Throws an error of isTooManySteps() where an expression takes too many steps for the record. */
export type Matches = (records: Records, row: number) => boolean;

/** A LogQL stream selector with line filters and label filters: `{job="nginx"} |= "GET" !~ "health" | status >= 500`. */
export const Match = z.string().transform((text, context): Matches => {
  try {
    return compileMatch(text);
  } catch (thrown) {
    context.addIssue({ code: "custom", message: messageOf(thrown), input: text });
    return z.NEVER;
  }
});

/** Throws OperatingError("bad_request") that says what was expected. */
function compileMatch(text: string): Matches {
  // Loaded by the first that is written: most agents match nothing.
  const { parser }: typeof import("@grafana/lezer-logql") = require("@grafana/lezer-logql");
  const tree = parser.parse(text);
  let isBroken = false;
  // `{}`, any stream, is no selector of LogQL's.
  const isAny = (node: SyntaxNode): boolean =>
    node.parent?.name === "Selector" && textOf(node.parent, text).replaceAll(/\s/g, "") === "{}";
  tree.iterate({ enter: ({ type, node }) => void (isBroken ||= type.isError && !isAny(node)) });
  const log = tree.topNode.getChild("Expr")?.getChild("LogExpr");
  const selector = log?.getChild("Selector");
  if (isBroken || log === null || log === undefined || selector === null || selector === undefined)
    throw expected(text);
  const onStream = descendants(selector, "Matcher").map((node) => valueTest(node, text));
  const onRecord = stagesOf(log).map((stage) => stageTest(stage, text));
  // Streams are few and live long, so each is judged once.
  const judged = new WeakMap<object, boolean>();
  const streamMatches = (records: Records, row: number): boolean => {
    const labels = records.stream(row);
    let verdict = judged.get(labels);
    if (verdict === undefined) {
      verdict = onStream.every(({ name, test }) => test(labels[name] ?? ""));
      judged.set(labels, verdict);
    }
    return verdict;
  };
  return (records, row) =>
    streamMatches(records, row) && onRecord.every((test) => test(records, row));
}

function expected(text: string): OperatingError {
  return new OperatingError(
    "bad_request",
    `"${text}": expected a selector with filters, such as {job="nginx"} |= "GET" | status >= 500`,
  );
}

function stagesOf(node: SyntaxNode): SyntaxNode[] {
  const pipeline = node.getChild("PipelineExpr");
  if (pipeline === null) return [];
  return [...stagesOf(pipeline), ...pipeline.getChildren("PipelineStage")];
}

function stageTest(stage: SyntaxNode, text: string): Matches {
  const lines = descendants(stage, "LineFilter").map((node) => lineTest(node, text));
  if (lines.length > 0) return (records, row) => lines.every((test) => test(records, row));
  const filter = stage.getChild("LabelFilter");
  if (filter === null) throw expected(text);
  return filterTest(filter, text);
}

/** One test, or two joined by `and`, `or` or a comma. */
function filterTest(filter: SyntaxNode, text: string): Matches {
  const matcher = filter.getChild("Matcher");
  if (matcher !== null) {
    const { name, test } = valueTest(matcher, text);
    return (records, row) => test(records.field(row, name) ?? "");
  }
  const number = filter.getChild("NumberFilter");
  if (number !== null) return numberTest(number, text);
  const parts = filter.getChildren("LabelFilter").map((part) => filterTest(part, text));
  const [first, second] = parts;
  if (first === undefined) throw expected(text);
  if (second === undefined) return first;
  return filter.getChild("Or") === null
    ? (records, row) => first(records, row) && second(records, row)
    : (records, row) => first(records, row) || second(records, row);
}

/** Strings are looked for as bytes, so that a line that is not meant costs no text. */
function lineTest(node: SyntaxNode, text: string): Matches {
  const op = textOf(node.getChild("Filter"), text);
  const values = descendants(node, "String").map((value) => stringOf(value, text));
  if (node.getChild("FilterOp") !== null || values.length === 0) throw expected(text);
  const wanted = op === "|=" || op === "|~";
  if (op === "|=" || op === "!=") {
    const needles = values.map((value) => Buffer.from(value));
    return (records, row) => {
      const { buffer, byteOffset } = records.bodyBytes(row);
      const start = records.bodyStart(row);
      const body = Buffer.from(buffer, byteOffset + start, records.bodyEnd(row) - start);
      return needles.some((needle) => body.includes(needle)) === wanted;
    };
  }
  if (op !== "|~" && op !== "!~") throw expected(text);
  const regexes = values.map((value) => recordRegex.searching(value));
  return (records, row) => {
    const body = records.bodyText(row);
    return regexes.some((regex) => regex.test(body)) === wanted;
  };
}

function valueTest(
  node: SyntaxNode,
  text: string,
): { readonly name: string; readonly test: (value: string) => boolean } {
  const name = textOf(node.getChild("Identifier"), text);
  const value = stringOf(node.getChild("String"), text);
  if (node.getChild("Eq") !== null) return { name, test: (own) => own === value };
  if (node.getChild("Neq") !== null) return { name, test: (own) => own !== value };
  const regex = recordRegex.anchored(value);
  const wanted = node.getChild("Re") !== null;
  return { name, test: (own) => regex.test(own) === wanted };
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Gtr: (a, b) => a > b,
  Gte: (a, b) => a >= b,
  Lss: (a, b) => a < b,
  Lte: (a, b) => a <= b,
  Eql: (a, b) => a === b,
  Eq: (a, b) => a === b,
  Neq: (a, b) => a !== b,
};

function numberTest(node: SyntaxNode, text: string): Matches {
  const name = textOf(node.getChild("Identifier"), text);
  const limit = Number(textOf(node.getChild("LiteralExpr"), text));
  const op = Object.keys(comparisons).find((kind) => node.getChild(kind) !== null);
  const compare = comparisons[op ?? ""];
  if (compare === undefined || Number.isNaN(limit)) throw expected(text);
  return (records, row) => {
    const value = records.field(row, name);
    return value !== undefined && value !== "" && compare(Number(value), limit);
  };
}

function descendants(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name === name) found.push(child);
    else found.push(...descendants(child, name));
  }
  return found;
}

function stringOf(node: SyntaxNode | null, text: string): string {
  const quoted = textOf(node, text);
  if (quoted.startsWith("`")) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted.replaceAll(/\\x([0-9a-fA-F]{2})/g, "\\u00$1")));
  } catch {
    throw expected(text);
  }
}

function textOf(node: SyntaxNode | null, text: string): string {
  return node === null ? "" : text.slice(node.from, node.to);
}
