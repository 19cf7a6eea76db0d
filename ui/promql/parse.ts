import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import type { Expr, Grouping, Matcher, Matching } from "./expr.ts";
import { matchOperators } from "./expr.ts";
import { hideVariables } from "./variables.ts";

/** A tree, or why the text is none. */
export type Parsed =
  | { readonly expr: Expr; readonly error: undefined }
  | { readonly expr: undefined; readonly error: string };

/**
 * PromQL as a tree by Prometheus's own grammar. The aggregator decides what is valid; this is for what the interface does
 * with a query: show it as blocks, say it in words, fill one into another.
 */
export function parsePromql(query: string): Parsed {
  if (query.trim() === "") return { expr: undefined, error: "no expression" };
  const { text, restore } = hideVariables(query);
  const tree = parser.parse(text);
  let fault: SyntaxNode | undefined;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) fault ??= node.node;
    },
  });
  if (fault !== undefined) {
    const near = restore(text.slice(fault.from, fault.from + 20)).trim();
    return {
      expr: undefined,
      error: near === "" ? "it ends too early" : `not understood at "${near}"`,
    };
  }
  const top = tree.topNode.getChild("Expr") ?? firstExpr(tree.topNode);
  const expr = top === undefined ? undefined : new Reader(text, restore).read(top);
  return expr === undefined
    ? { expr: undefined, error: "it uses what only the code can show" }
    : { expr, error: undefined };
}

const exprNames = new Set([
  "AggregateExpr",
  "BinaryExpr",
  "FunctionCall",
  "MatrixSelector",
  "NumberDurationLiteral",
  "OffsetExpr",
  "ParenExpr",
  "StringLiteral",
  "SubqueryExpr",
  "UnaryExpr",
  "VectorSelector",
  "StepInvariantExpr",
]);

function exprsOf(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (exprNames.has(child.name)) found.push(child);
  }
  return found;
}

function firstExpr(node: SyntaxNode): SyntaxNode | undefined {
  return exprsOf(node)[0];
}

/** Nodes to expressions; undefined for forms that this tree does not hold (newer modifiers). */
class Reader {
  readonly #text: string;
  readonly #restore: (piece: string) => string;

  constructor(text: string, restore: (piece: string) => string) {
    this.#text = text;
    this.#restore = restore;
  }

  read(node: SyntaxNode): Expr | undefined {
    const text = this.#slice(node);
    switch (node.name) {
      case "NumberDurationLiteral":
        return { kind: "number", text };
      case "StringLiteral":
        return { kind: "string", text, value: unquoted(text) };
      case "VectorSelector":
        return this.#selector(node, text);
      case "MatrixSelector":
      case "SubqueryExpr":
        return this.#ranged(node, text);
      case "OffsetExpr": {
        const by = node.getChild("OffsetDurationExpr");
        return by === null ? undefined : this.#modified(node, { offset: this.#slice(by) });
      }
      case "StepInvariantExpr":
        return this.#at(node);
      case "ParenExpr":
        return this.#wrap(node, (expr) => ({ kind: "paren", text, expr }));
      case "UnaryExpr": {
        const op = node.getChild("UnaryOp");
        return this.#wrap(node, (expr) =>
          op === null ? undefined : { kind: "unary", text, op: this.#slice(op), expr },
        );
      }
      case "FunctionCall":
        return this.#call(node, text);
      case "AggregateExpr":
        return this.#aggregate(node, text);
      case "BinaryExpr":
        return this.#binary(node, text);
      default:
        return undefined;
    }
  }

  #slice({ from, to }: { readonly from: number; readonly to: number }): string {
    return this.#restore(this.#text.slice(from, to));
  }

  #wrap(node: SyntaxNode, make: (expr: Expr) => Expr | undefined): Expr | undefined {
    const inner = firstExpr(node);
    const expr = inner === undefined ? undefined : this.read(inner);
    return expr === undefined ? undefined : make(expr);
  }

  #all(nodes: readonly SyntaxNode[]): Expr[] | undefined {
    const read = nodes.flatMap((node) => this.read(node) ?? []);
    return read.length === nodes.length ? read : undefined;
  }

  #selector(node: SyntaxNode, text: string): Expr | undefined {
    const identifier = node.getChild("Identifier");
    const listed = node.getChild("LabelMatchers");
    let metric = identifier === null ? "" : this.#slice(identifier);
    const matchers: Matcher[] = [];
    for (let child = listed?.firstChild ?? null; child !== null; child = child.nextSibling) {
      if (child.name === "QuotedLabelName") metric = unquoted(this.#slice(child));
      else {
        const matcher = this.#matcher(child);
        if (matcher === undefined) return undefined;
        if (matcher.label === "__name__" && matcher.op === "=" && metric === "") {
          metric = matcher.value;
        } else matchers.push(matcher);
      }
    }
    return { kind: "selector", text, metric, matchers };
  }

  #matcher(node: SyntaxNode): Matcher | undefined {
    const [name, operator, value] = [node.firstChild, node.getChild("MatchOp"), node.lastChild];
    if (name === null || operator === null || value?.name !== "StringLiteral") return undefined;
    const op = matchOperators.find((each) => each === this.#slice(operator));
    const label = this.#slice(name);
    if (op === undefined) return undefined;
    const plain = name.name === "QuotedLabelName" ? unquoted(label) : label;
    return { label: plain, op, value: unquoted(this.#slice(value)) };
  }

  #ranged(node: SyntaxNode, text: string): Expr | undefined {
    const [range, step] = node.getChildren("DurationExpr");
    // Anchored and smoothed ranges are written after the brackets, with a node of their own.
    if (range === undefined || node.getChild("Anchored") || node.getChild("Smoothed")) {
      return undefined;
    }
    return this.#wrap(node, (expr) =>
      node.name === "MatrixSelector"
        ? { kind: "range", text, expr, range: this.#slice(range) }
        : {
            kind: "subquery",
            text,
            expr,
            range: this.#slice(range),
            step: step === undefined ? "" : this.#slice(step),
          },
    );
  }

  #at(node: SyntaxNode): Expr | undefined {
    const at = node.getChild("At");
    if (at === null) return undefined;
    return this.#modified(node, { at: this.#slice({ from: at.to, to: node.to }).trim() });
  }

  /** The grammar hangs "a + b offset 1h" over the sum; Prometheus reads it as of b alone, and so it is here. */
  #modified(node: SyntaxNode, modifier: { offset: string } | { at: string }): Expr | undefined {
    const inner = firstExpr(node);
    const expr = inner === undefined ? undefined : this.read(inner);
    if (inner === undefined || expr === undefined) return undefined;
    const suffix = this.#slice({ from: inner.to, to: node.to });
    const onLast = (on: Expr): Expr => {
      const text = on.text + suffix;
      if (on.kind === "binary") return { ...on, text, right: onLast(on.right) };
      if (on.kind === "unary") return { ...on, text, expr: onLast(on.expr) };
      return "offset" in modifier
        ? { kind: "offset", text, expr: on, by: modifier.offset }
        : { kind: "at", text, expr: on, time: modifier.at };
    };
    return onLast(expr);
  }

  #call(node: SyntaxNode, text: string): Expr | undefined {
    const name = node.getChild("FunctionIdentifier");
    const body = node.getChild("FunctionCallBody");
    const args = this.#all(body === null ? [] : exprsOf(body));
    if (name === null || args === undefined) return undefined;
    return { kind: "call", text, name: this.#slice(name), args };
  }

  #aggregate(node: SyntaxNode, text: string): Expr | undefined {
    const op = node.getChild("AggregateOp");
    const body = node.getChild("FunctionCallBody");
    const args = this.#all(body === null ? [] : exprsOf(body));
    const expr = args?.at(-1);
    if (op === null || args === undefined || expr === undefined || args.length > 2)
      return undefined;
    const parameter = args.length === 2 ? args[0] : undefined;
    const grouping = this.#grouping(node.getChild("AggregateModifier"));
    return {
      kind: "aggregate",
      text,
      op: this.#slice(op).toLowerCase(),
      parameter,
      expr,
      grouping,
    };
  }

  #grouping(node: SyntaxNode | null): Grouping | undefined {
    if (node === null) return undefined;
    const mode = node.getChild("By") === null ? "without" : "by";
    return { mode, labels: this.#labels(node.getChild("GroupingLabels")) };
  }

  #labels(node: SyntaxNode | null): string[] {
    const labels: string[] = [];
    for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
      if (child.name === "LabelName") labels.push(this.#slice(child));
      else if (child.name === "QuotedLabelName") labels.push(unquoted(this.#slice(child)));
    }
    return labels;
  }

  #binary(node: SyntaxNode, text: string): Expr | undefined {
    const [left, right] = this.#all(exprsOf(node)) ?? [];
    const operator = exprsOf(node)[0]?.nextSibling ?? null;
    if (left === undefined || right === undefined || operator === null) return undefined;
    if (node.getChild("FillModifier") !== null) return undefined;
    const clause = node.getChild("MatchingModifierClause");
    const matching = clause === null ? undefined : this.#matching(clause);
    const bool = node.getChild("BoolModifier") !== null;
    return {
      kind: "binary",
      text,
      op: this.#slice(operator).toLowerCase(),
      left,
      right,
      bool,
      matching,
    };
  }

  #matching(clause: SyntaxNode): Matching {
    const mode = clause.getChild("On") === null ? "ignoring" : "on";
    const [labels, taken] = clause.getChildren("GroupingLabels");
    const side =
      clause.getChild("GroupLeft") !== null
        ? "left"
        : clause.getChild("GroupRight") !== null
          ? "right"
          : undefined;
    return {
      mode,
      labels: this.#labels(labels ?? null),
      group: side === undefined ? undefined : { side, labels: this.#labels(taken ?? null) },
    };
  }
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\u0007",
  b: "\b",
  f: "\f",
  v: "\v",
};

/** What a literal of PromQL says. */
function unquoted(literal: string): string {
  const inner = literal.slice(1, -1);
  if (literal.startsWith("`")) return inner;
  return inner.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs,
    (_whole, x?: string, u?: string, long?: string, octal?: string, one?: string) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) {
        const code = Number.parseInt(hex, 16);
        return code <= 0x10_ff_ff ? String.fromCodePoint(code) : "\uFFFD";
      }
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      return one === undefined ? "" : (escapes[one] ?? one);
    },
  );
}
