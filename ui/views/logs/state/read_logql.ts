import { parser } from "@grafana/lezer-logql";
import { parseFilters, type Filter } from "./filters.ts";
import { everything } from "./logql.ts";
import type { Term } from "./words.ts";

export type ReadBack =
  | { readonly terms: Term[]; readonly filters: Filter[] }
  | { readonly cannot: string };

type Node = ReturnType<typeof parser.parse>["topNode"];

/** Whether a query makes numbers of lines. */
export function isMetricQuery(query: string): boolean {
  const tree = parser.parse(query);
  return tree.topNode.getChild("Expr")?.getChild("MetricExpr") != null;
}

/** The stream selector of a log query, of the first one where there are several. */
export function selectorIn(query: string): string {
  let found: string | undefined;
  parser.parse(query).iterate({
    enter: ({ name, from, to }) => {
      if (found === undefined && name === "Selector") found = query.slice(from, to);
    },
  });
  return found ?? everything;
}

/** What LogQL says as terms and filters, or what of it these can't say. */
export function readLogql(query: string): ReadBack {
  const terms: Term[] = [];
  const filters: Filter[] = [];
  const parsers: string[] = [];
  let cannot: string | undefined;
  const refuse = (node: Node) => {
    cannot ??= query.slice(node.from, Math.min(node.to, node.from + 60));
  };
  const log = parser.parse(query).topNode.getChild("Expr")?.getChild("LogExpr");
  if (log == null) return { cannot: "the query as a whole: it is no selection of lines" };
  const text = (node: Node | null): string =>
    node === null ? "" : query.slice(node.from, node.to);
  const matchers = descendants(log.getChild("Selector"), "Matcher");
  for (const matcher of matchers) {
    const filter = conditionOf(matcher, "label", text);
    if (text(matcher).replaceAll(/\s/g, "") === everything.slice(1, -1)) continue;
    if (filter === undefined) refuse(matcher);
    else filters.push(filter);
  }
  for (const stage of descendants(log.getChild("PipelineExpr"), "PipelineStage")) {
    const kind =
      stage.firstChild?.name === "Pipe" ? stage.firstChild.nextSibling : stage.firstChild;
    if (kind?.name === "LineFilters") {
      for (const line of descendants(kind, "LineFilter")) {
        const read = lineFilterOf(line, text);
        if (read === undefined) refuse(line);
        else if ("kind" in read && "name" in read) filters.push(read);
        else terms.push(read);
      }
    } else if (kind?.name === "LabelParser" || kind?.name === "LogfmtParser") {
      const name = text(kind).trim();
      if (name === "json" || name === "logfmt") parsers.push(name);
      else refuse(stage);
    } else if (
      kind?.name === "DropLabelsExpr" &&
      /^drop\s+__error__\s*,\s*__error_details__$/.test(text(kind))
    ) {
      continue;
    } else if (
      kind?.name === "LabelFilter" &&
      kind.getChild("Matcher") !== null &&
      kind.firstChild?.nextSibling == null
    ) {
      const own = conditionOf(
        kind.getChild("Matcher"),
        parsers.length === 0 ? "metadata" : "field",
        text,
      );
      if (own === undefined) refuse(stage);
      else filters.push({ ...own, parsers: [...parsers] });
    } else refuse(stage);
  }
  if (isBroken(query)) cannot ??= "the query: it is not complete";
  // A parser without a condition on what it finds has no other way to be said.
  if (parsers.length > 0 && !filters.some(({ kind }) => kind === "field"))
    cannot ??= parsers.map((name) => `| ${name}`).join(" ");
  return cannot === undefined ? { terms, filters } : { cannot };
}

function isBroken(query: string): boolean {
  let isFound = false;
  parser.parse(query).iterate({
    enter: ({ type }) => {
      isFound ||= type.isError;
    },
  });
  return isFound;
}

/** Nodes of a name under another, in their order, not looking into those found. */
function descendants(root: Node | null, name: string): Node[] {
  const found: Node[] = [];
  const waiting = root === null ? [] : [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.name === name) {
      found.push(node);
      continue;
    }
    for (let child = node.lastChild; child !== null; child = child.prevSibling) waiting.push(child);
  }
  return found;
}

type TextOf = (node: Node | null) => string;

function conditionOf(node: Node | null, kind: Filter["kind"], text: TextOf): Filter | undefined {
  const name = text(node?.getChild("Identifier") ?? null);
  const value = literalOf(text(node?.getChild("String") ?? null));
  const op = ["Eq", "Neq", "Re", "Nre"].find((each) => node?.getChild(each) != null);
  if (name === "" || value === undefined || op === undefined) return undefined;
  const values = op === "Eq" || op === "Neq" ? [value] : alternatives(value);
  if (values === undefined) return undefined;
  const exclude = op === "Neq" || op === "Nre";
  return { kind, name, values, exclude, parsers: [] };
}

function lineFilterOf(line: Node, text: TextOf): Term | Filter | undefined {
  const strings = descendants(line, "String").map((node) => literalOf(text(node)));
  const [value] = strings;
  if (value === undefined || descendants(line, "FilterOp").length > 0) return undefined;
  const op = text(line.getChild("Filter")).trim();
  if (op === "|>" || op === "!>") {
    const values = strings.filter((each) => each !== undefined);
    if (op === "!>" && values.length > 1) return undefined;
    return { kind: "pattern", name: "", values, exclude: op === "!>", parsers: [] };
  }
  if (strings.length > 1) return undefined;
  const exclude = op.startsWith("!");
  if (op === "|=" || op === "!=")
    return { kind: "regex", value: value.replace(/[\\.*+?^${}()|[\]]/g, "\\$&"), exclude };
  const plain = value.startsWith("(?i)") ? unescaped(value.slice(4)) : undefined;
  if (plain !== undefined) return { kind: "text", value: plain, exclude };
  return { kind: "regex", value, exclude };
}

/** `a|b` of escaped texts as the texts. */
function alternatives(pattern: string): string[] | undefined {
  const parts = pattern.match(/(?:\\.|[^\\|])+/gs) ?? [];
  if (parts.join("|") !== pattern) return undefined;
  const texts = parts.map(unescaped);
  return texts.some((each) => each === undefined)
    ? undefined
    : texts.filter((each) => each !== undefined);
}

/** The text that an escaped pattern finds; undefined where the pattern is more than a text. */
function unescaped(pattern: string): string | undefined {
  if (!/^(?:\\[\\.*+?^${}()|[\]/-]|[^\\.*+?^${}()|[\]])*$/s.test(pattern)) return undefined;
  return pattern.replace(/\\(.)/gs, "$1");
}

function literalOf(written: string): string | undefined {
  if (written.startsWith("`")) return written.slice(1, -1);
  return parseFilters(`x=${written}`)[0]?.values[0] ?? (written === '""' ? "" : undefined);
}
