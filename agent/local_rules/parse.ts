import { OperatingError } from "#shared/errors.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { compileMatchers } from "#shared/query_language/matchers.ts";
import {
  type AggregateExpr,
  type BinaryExpr,
  type CallExpr,
  type DurationExpr,
  type Expr,
  type SelectorExpr,
  unwrapParens,
} from "#shared/query_language/promql/ast.ts";
import { positionText } from "#shared/query_language/promql/errors.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import {
  type Expression,
  type Selector,
  aggregations,
  arithmetic,
  comparisons,
  rangeFunctions,
  setOperators,
  valueFunctions,
} from "./expression.ts";

const textMax = 4_096;
const depthMax = 50;
/** Samples of a longer range would be too many to hold. */
const rangeMaxMs = 3_600_000;

const functions: readonly string[] = [
  "absent",
  "time",
  ...rangeFunctions,
  ...valueFunctions,
].toSorted();

/**
 * Reads PromQL, and refuses what an agent does not evaluate by itself. Throws OperatingError("bad_request") with line and column, and what is
 * supported there.
 */
export function parseExpression(source: string): Expression {
  if (source.length > textMax)
    throw refused(source, textMax, `expected ${textMax} characters at most`);
  const { expr, type } = parsePromql(source);
  if (type === "scalar" || type === "string")
    throw refused(source, 0, `expected samples of series; this is one ${nouns[type]}`);
  return new Reader(source).read(expr);
}

const nouns = { scalar: "number", string: "text" } as const;

function refused(source: string, at: number, message: string): OperatingError {
  return new OperatingError("bad_request", `${positionText(source, at)}: ${message}`);
}

/** Makes an expression of a parsed tree. */
class Reader {
  readonly #source: string;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(expr: Expr): Expression {
    switch (expr.kind) {
      case "number":
        return { kind: "number", value: expr.value };
      case "paren":
        return this.#nested(expr, () => this.read(expr.expr));
      case "selector":
        return { kind: "selector", selector: this.#selector(expr) };
      case "unary":
        return this.#nested(expr, () => {
          const of = this.read(expr.expr);
          return expr.op === "+" ? of : { kind: "negative", of };
        });
      case "binary":
        return this.#binary(expr);
      case "call":
        return this.#nested(expr, () => this.#call(expr));
      case "aggregate":
        return this.#nested(expr, () => this.#aggregate(expr));
      case "matrix":
        throw this.#fault(
          expr,
          `a range stands within a function only, such as rate(x[5m]); functions of ranges are ${rangeFunctions.join(", ")}`,
        );
      case "subquery":
        throw this.#fault(expr, "a subquery is not evaluated on agents");
      case "string":
        throw this.#fault(expr, "a text is not evaluated on agents");
    }
  }

  #fault({ span }: Pick<Expr, "span">, message: string): OperatingError {
    return refused(this.#source, span.start, message);
  }

  #nested<Read>(expr: Expr, read: () => Read): Read {
    if (++this.#depth > depthMax) throw this.#fault(expr, `expected ${depthMax} levels at most`);
    const made = read();
    this.#depth--;
    return made;
  }

  #binary(expr: BinaryExpr): Expression {
    const { op, bool, opSpan, matching: written } = expr;
    const isFilled = written.fillLeft !== undefined || written.fillRight !== undefined;
    if (written.group !== "none" || isFilled) {
      const words = isFilled ? "fill" : `group_${written.group}`;
      throw this.#fault({ span: opSpan }, `"${words}" is not evaluated on agents`);
    }
    const matching = { on: written.on, labels: written.labels };
    const parts = { left: this.read(expr.lhs), right: this.read(expr.rhs), matching };
    const set = setOperators.find((one) => one === op);
    if (set !== undefined) return { kind: "set", operator: set, ...parts };
    const comparison = comparisons.find((one) => one === op);
    if (comparison !== undefined)
      return { kind: "comparison", operator: comparison, bool, ...parts };
    const operator = arithmetic.find((one) => one === op);
    if (operator === undefined)
      throw this.#fault({ span: opSpan }, `"${op}" is not evaluated on agents`);
    return { kind: "arithmetic", operator, ...parts };
  }

  #aggregate(expr: AggregateExpr): Expression {
    const name = aggregations.find((one) => one === expr.op);
    if (name === undefined) throw this.#unknown(expr, expr.op);
    const { without, grouping: labels } = expr;
    return { kind: "aggregate", name, by: !without, labels, of: this.read(expr.expr) };
  }

  #unknown(expr: Expr, name: string): OperatingError {
    return this.#fault(
      expr,
      `"${name}" is not evaluated on agents: functions are ${functions.join(", ")}; aggregations ${aggregations.join(", ")}`,
    );
  }

  /** The tree is checked: arguments are as many as the function takes, and of its types. */
  #call(expr: CallExpr): Expression {
    const { name, args } = expr;
    if (name === "time") return { kind: "time" };
    const [first = expr, second] = args.map(unwrapParens);
    if (name === "absent") return { kind: "absent", selector: this.#argument(first, name) };
    const ranged = rangeFunctions.find((one) => one === name);
    if (ranged !== undefined) {
      if (first.kind !== "matrix")
        throw this.#fault(first, `${name} is evaluated of a selector with a range only on agents`);
      const { selector, range } = first;
      const ahead = second === undefined ? 0 : this.#constant(second);
      const rangeMs = this.#rangeMs(range);
      return { kind: "range", name: ranged, selector: this.#selector(selector), rangeMs, ahead };
    }
    const plain = valueFunctions.find((one) => one === name);
    if (plain === undefined) throw this.#unknown(expr, name);
    return { kind: "call", name: plain, of: this.read(first) };
  }

  #argument(expr: Expr, name: string): Selector {
    if (expr.kind === "selector") return this.#selector(expr);
    throw this.#fault(expr, `${name} is evaluated of a selector only on agents`);
  }

  #rangeMs(range: DurationExpr): number {
    if (range.kind !== "seconds")
      throw this.#fault(range, "a computed range is not evaluated on agents");
    const rangeMs = Math.round(range.value * 1_000);
    if (rangeMs < 1 || rangeMs > rangeMaxMs)
      throw this.#fault(range, "expected a range from 1ms to 1h");
    return rangeMs;
  }

  /** A number, or a product of numbers. */
  #constant(expr: Expr): number {
    const inner = unwrapParens(expr);
    if (inner.kind === "number") return inner.value;
    if (inner.kind === "binary" && inner.op === "*")
      return this.#constant(inner.lhs) * this.#constant(inner.rhs);
    throw this.#fault(inner, "expected a number of seconds, such as 4 * 3600");
  }

  #selector(expr: SelectorExpr): Selector {
    if (expr.offset !== undefined)
      throw this.#fault(expr.offset, '"offset" is not evaluated on agents');
    if (expr.at !== undefined) throw this.#fault(expr, '"@" is not evaluated on agents');
    if (expr.edges !== undefined)
      throw this.#fault(expr, `"${expr.edges}" is not evaluated on agents`);
    const named = expr.matchers.find(({ name, op }) => name === metricNameLabel && op === "=");
    if (named === undefined || named.value === "")
      throw this.#fault(expr, "an agent needs the name of one metric");
    const matchers = expr.matchers.filter((one) => one !== named);
    const metric = named.value;
    const text = JSON.stringify([
      metric,
      ...matchers.map(({ name, op, value }) => [name, op, value]),
    ]);
    return { metric, matchers, text, selects: compileMatchers(matchers) };
  }
}
