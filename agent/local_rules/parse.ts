import type { Labels, Matcher } from "#shared/model/labels.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { messageOf } from "#shared/errors.ts";
import { parseDuration } from "#shared/text/duration.ts";
import { unquote } from "#shared/text/go_quoted.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import {
  type Expression,
  type Matching,
  type Selector,
  aggregations,
  arithmetic,
  comparisons,
  isScalar,
  rangeFunctions,
  setOperators,
  valueFunctions,
} from "./expression.ts";
import { ExpressionError, type Token, tokensOf } from "./lex.ts";

const textMax = 4_096;
const depthMax = 50;
/** Samples of a longer range would be too many to hold. */
const rangeMaxMs = 3_600_000;
const matchAll: Matching = { on: false, labels: [] };

/** Operators from those that bind least. */
const levels: readonly (readonly string[])[] = [
  ["or"],
  ["and", "unless"],
  comparisons,
  ["+", "-"],
  ["*", "/", "%"],
];
const functions: readonly string[] = [
  "absent",
  "time",
  ...rangeFunctions,
  ...valueFunctions,
].toSorted();

/** Reads the part of PromQL that an agent evaluates by itself. Throws ExpressionError for all else, with what is supported there. */
export function parseExpression(source: string): Expression {
  if (source.length > textMax)
    throw new ExpressionError(source, textMax, `expected ${textMax} characters at most`);
  const parser = new Parser(source);
  const expression = parser.whole();
  if (isScalar(expression))
    throw new ExpressionError(source, 0, "expected samples of series; this is one number");
  return expression;
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  whole(): Expression {
    const expression = this.#binary(0);
    if (this.#token.kind !== "end") throw this.#unexpected("an operator or the end");
    return expression;
  }

  get #token(): Token {
    const last = { kind: "end", text: "", at: this.#source.length } as const;
    return this.#tokens[this.#next] ?? last;
  }

  #fault(message: string, { at }: Token = this.#token): ExpressionError {
    return new ExpressionError(this.#source, at, message);
  }

  #unexpected(expected: string): ExpressionError {
    const { text, kind } = this.#token;
    if (text === "[")
      return this.#fault(
        `a range stands within a function only, such as rate(x[5m]); functions of ranges are ${rangeFunctions.join(", ")}`,
      );
    if (["offset", "@", "^", "group_left", "group_right", "smoothed", "anchored"].includes(text))
      return this.#fault(`"${text}" is not evaluated on agents`);
    if (kind === "word" && text.startsWith(":"))
      return this.#fault(`":" is not evaluated on agents: they know no subqueries`);
    const found = kind === "end" ? "the end" : JSON.stringify(text);
    return this.#fault(`expected ${expected}, found ${found}`);
  }

  #isSign(text: string): boolean {
    return this.#token.kind !== "string" && this.#token.text === text;
  }

  #takes(text: string): boolean {
    if (!this.#isSign(text)) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw this.#unexpected(`"${text}"`);
  }

  #take(): Token {
    const token = this.#token;
    this.#next++;
    return token;
  }

  #binary(level: number): Expression {
    const operators = levels[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    while (this.#token.kind !== "string" && operators.includes(this.#token.text.toLowerCase())) {
      const token = this.#take();
      const bool = this.#takes("bool");
      const matching = this.#matching();
      left = this.#joined(token, bool, matching, left, this.#binary(level + 1));
    }
    return left;
  }

  #joined(
    token: Token,
    bool: boolean,
    matching: Matching | undefined,
    left: Expression,
    right: Expression,
  ): Expression {
    const text = token.text.toLowerCase();
    const scalars = Number(isScalar(left)) + Number(isScalar(right));
    if (matching !== undefined && scalars > 0)
      throw this.#fault("labels are matched between series only, not with a number", token);
    const parts = { left, right, matching: matching ?? matchAll };
    const set = setOperators.find((one) => one === text);
    const comparison = comparisons.find((one) => one === text);
    const operator = arithmetic.find((one) => one === text);
    if (bool && comparison === undefined)
      throw this.#fault(`"bool" belongs to comparisons, not to "${text}"`, token);
    if (set !== undefined) {
      if (scalars > 0) throw this.#fault(`"${text}" stands between series, not numbers`, token);
      return { kind: "set", operator: set, ...parts };
    }
    if (comparison !== undefined) {
      if (scalars === 2 && !bool)
        throw this.#fault(`a comparison of two numbers needs "bool"`, token);
      return { kind: "comparison", operator: comparison, bool, ...parts };
    }
    if (operator === undefined) throw this.#fault(`"${text}" is no operator`, token);
    return { kind: "arithmetic", operator, ...parts };
  }

  #matching(): Matching | undefined {
    const on = this.#isSign("on");
    if (!on && !this.#isSign("ignoring")) return undefined;
    this.#next++;
    const labels = this.#labelNames();
    if (this.#isSign("group_left") || this.#isSign("group_right"))
      throw this.#unexpected("an expression");
    return { on, labels };
  }

  #unary(): Expression {
    if (this.#takes("+")) return this.#unary();
    if (!this.#takes("-")) return this.#primary();
    return { kind: "negative", of: this.#nested(() => this.#unary()) };
  }

  #nested<Parsed>(parse: () => Parsed): Parsed {
    if (++this.#depth > depthMax) throw this.#fault(`expected ${depthMax} levels at most`);
    const parsed = parse();
    this.#depth--;
    return parsed;
  }

  #primary(): Expression {
    const token = this.#token;
    if (this.#takes("(")) {
      const inner = this.#nested(() => this.#binary(0));
      this.#expect(")");
      return this.#end(inner);
    }
    if (token.kind === "number") {
      this.#next++;
      return { kind: "number", value: Number(token.text) };
    }
    if (token.kind === "word" || token.text === "{") return this.#named();
    throw this.#unexpected("a metric, a function, a number or a parenthesis");
  }

  #named(): Expression {
    const token = this.#token;
    const after = this.#tokens[this.#next + 1]?.text;
    const lower = token.text.toLowerCase();
    const aggregation = aggregations.find((one) => one === lower);
    if (aggregation !== undefined && (after === "(" || after === "by" || after === "without"))
      return this.#nested(() => this.#aggregate(aggregation));
    if (after === "(" && token.kind === "word") return this.#nested(() => this.#call());
    if (lower === "inf" || lower === "nan") {
      this.#next++;
      return { kind: "number", value: lower === "inf" ? Infinity : Number.NaN };
    }
    return this.#end({ kind: "selector", selector: this.#selector() });
  }

  /** Nothing that moves or widens an expression may follow it. */
  #end(expression: Expression): Expression {
    if (["[", "offset", "@", "smoothed", "anchored"].some((text) => this.#isSign(text)))
      throw this.#unexpected("an operator");
    return expression;
  }

  #aggregate(name: (typeof aggregations)[number]): Expression {
    this.#next++;
    let grouping = this.#grouping();
    this.#expect("(");
    const of = this.#binary(0);
    if (isScalar(of)) throw this.#fault(`${name} is of series, not of a number`);
    this.#expect(")");
    grouping ??= this.#grouping();
    const { by = true, labels = [] } = grouping ?? {};
    return this.#end({ kind: "aggregate", name, by, labels, of });
  }

  #grouping(): { by: boolean; labels: string[] } | undefined {
    const by = this.#isSign("by");
    if (!by && !this.#isSign("without")) return undefined;
    this.#next++;
    return { by, labels: this.#labelNames() };
  }

  #labelNames(): string[] {
    this.#expect("(");
    const labels: string[] = [];
    while (!this.#takes(")")) {
      if (this.#token.kind !== "word") throw this.#unexpected("a label name");
      labels.push(this.#take().text);
      if (!this.#takes(",") && !this.#isSign(")")) throw this.#unexpected(`"," or ")"`);
    }
    return labels;
  }

  #call(): Expression {
    const token = this.#take();
    const name = token.text;
    this.#expect("(");
    const expression = this.#arguments(name, token);
    this.#expect(")");
    return this.#end(expression);
  }

  #arguments(name: string, token: Token): Expression {
    if (name === "time") return { kind: "time" };
    if (name === "absent") return { kind: "absent", selector: this.#selector() };
    const ranged = rangeFunctions.find((one) => one === name);
    if (ranged !== undefined) {
      const selector = this.#selector();
      const rangeMs = this.#range();
      const ahead = ranged === "predict_linear" ? this.#ahead() : 0;
      return { kind: "range", name: ranged, selector, rangeMs, ahead };
    }
    const plain = valueFunctions.find((one) => one === name);
    if (plain === undefined)
      throw this.#fault(
        `"${name}" is not evaluated on agents: functions are ${functions.join(", ")}; aggregations ${aggregations.join(", ")}`,
        token,
      );
    const of = this.#binary(0);
    if (isScalar(of)) throw this.#fault(`${name} is of series, not of a number`, token);
    return { kind: "call", name: plain, of };
  }

  #range(): number {
    this.#expect("[");
    const token = this.#token;
    const rangeMs = token.kind === "duration" ? parseDuration(token.text) : undefined;
    if (rangeMs === undefined) throw this.#unexpected("a duration such as 5m");
    if (rangeMs === 0 || rangeMs > rangeMaxMs) throw this.#fault("expected a range from 1ms to 1h");
    this.#next++;
    this.#expect("]");
    return rangeMs;
  }

  /** Seconds: a number, or a product of numbers. */
  #ahead(): number {
    this.#expect(",");
    let seconds = 1;
    do {
      const token = this.#token;
      if (token.kind !== "number") throw this.#unexpected("a number of seconds");
      seconds *= Number(this.#take().text);
    } while (this.#takes("*"));
    return seconds;
  }

  #selector(): Selector {
    const start = this.#token;
    const name = start.kind === "word" ? this.#take().text : undefined;
    const matchers = this.#isSign("{") ? this.#matchers() : [];
    const named = matchers.find((one) => one.name === metricNameLabel);
    if (name === undefined && start.text !== "{") throw this.#unexpected("a metric");
    if (name !== undefined && named !== undefined)
      throw this.#fault("the metric is named twice", start);
    const metric = name ?? (named?.op === "=" ? named.value : "");
    if (metric === "") throw this.#fault("an agent needs the name of one metric", start);
    return this.#compiled(
      metric,
      matchers.filter((one) => one !== named),
      start,
    );
  }

  #compiled(metric: string, matchers: readonly Matcher[], start: Token): Selector {
    const tests = matchers.map(({ name, op, value }) => {
      const isWanted = op === "=" || op === "=~";
      if (op === "=" || op === "!=")
        return (labels: Labels) => ((labels[name] ?? "") === value) === isWanted;
      try {
        const regex = anchoredRegex(value);
        return (labels: Labels) => regex.test(labels[name] ?? "") === isWanted;
      } catch (thrown) {
        throw this.#fault(messageOf(thrown), start);
      }
    });
    const text = JSON.stringify([
      metric,
      ...matchers.map(({ name, op, value }) => [name, op, value]),
    ]);
    return { metric, matchers, text, selects: (labels) => tests.every((test) => test(labels)) };
  }

  #matchers(): Matcher[] {
    this.#expect("{");
    const matchers: Matcher[] = [];
    while (!this.#takes("}")) {
      matchers.push(this.#matcher());
      if (!this.#takes(",") && !this.#isSign("}")) throw this.#unexpected(`"," or "}"`);
    }
    return matchers;
  }

  #matcher(): Matcher {
    const token = this.#token;
    if (token.kind !== "word" && token.kind !== "string") throw this.#unexpected("a label name");
    const name = token.kind === "string" ? this.#string() : this.#take().text;
    const isAlone = this.#isSign(",") || this.#isSign("}");
    if (token.kind === "string" && isAlone) return { name: metricNameLabel, op: "=", value: name };
    const op = (["=", "!=", "=~", "!~"] as const).find((one) => this.#isSign(one));
    if (op === undefined) throw this.#unexpected("=, !=, =~ or !~");
    this.#next++;
    return { name, op, value: this.#string() };
  }

  #string(): string {
    const value = this.#token.kind === "string" ? unquote(this.#token.text) : undefined;
    if (value === undefined) throw this.#unexpected("a quoted text");
    this.#next++;
    return value;
  }
}
