import { quoted } from "../stages/stage_pipeline.ts";
import { type VrlExpression, parseVrlExpression } from "./vrl_parser.ts";

/** Calls that change the type of a value alone: here all values are texts. */
const casts = new Set([
  "string",
  "to_string",
  "int",
  "to_int",
  "float",
  "to_float",
  "bool",
  "to_bool",
  "object",
  "array",
]);

export function withoutCasts(expression: VrlExpression): VrlExpression {
  if (expression.kind !== "call" || !casts.has(expression.name)) return expression;
  const [first] = expression.args;
  return first === undefined ? expression : withoutCasts(first.value);
}

/** Where a field stands: "body", or an attribute's name; undefined for what is no field of the event. */
export function fieldOf(expression: VrlExpression): string | undefined {
  const own = withoutCasts(expression);
  return own.kind === "field" && own.path.startsWith(".") && own.path !== "."
    ? placeOf(own.path)
    : undefined;
}

/** ".a.b" as "a_b"; the message is the line. */
export function placeOf(path: string): string {
  const name = path.replace(/^\./, "").replaceAll(/[^A-Za-z0-9_]/g, "_");
  if (name === "message") return "body";
  return name === "body" ? "body_" : name;
}

/** Filters of LogQL's for a condition, or undefined where they can't say it. */
export function conditionText(text: string, isNegated = false): string | undefined {
  const expression = parseVrlExpression(text.trim());
  return expression === undefined ? undefined : filterOf(expression, isNegated);
}

export function filterOf(expression: VrlExpression, isNegated = false): string | undefined {
  const own =
    expression.kind === "binary" && expression.operator === "??" ? expression.left : expression;
  if (own.kind === "not") return filterOf(own.of, !isNegated);
  if (own.kind === "literal" && typeof own.value === "boolean")
    return own.value === isNegated ? undefined : "";
  if (own.kind === "binary") {
    if (own.operator !== "&&" && own.operator !== "||") return comparison(own, isNegated);
    const [left, right] = [filterOf(own.left, isNegated), filterOf(own.right, isNegated)];
    if (left === undefined || right === undefined) return undefined;
    return (own.operator === "&&") === isNegated ? either(left, right) : `${left} ${right}`.trim();
  }
  return own.kind === "call" ? test(own, isNegated) : undefined;
}

/** One of two: of labels, or of texts in the line. */
function either(left: string, right: string): string | undefined {
  const [a, b] = [labelFilter(left), labelFilter(right)];
  if (a !== undefined && b !== undefined) return `| (${a} or ${b})`;
  const line = /^(\|[=~]) (`[^`]*`)((?: or `[^`]*`)*)$/;
  const [first, second] = [line.exec(left), line.exec(right)];
  if (first === null || second === null || first[1] !== second[1]) return undefined;
  return `${left} or ${second[2] ?? ""}${second[3] ?? ""}`;
}

/** "| a | b" as "(a and b)"; undefined where a filter of the line is in it. */
function labelFilter(filter: string): string | undefined {
  // Filters are put together here, with a space before each bar.
  const parts = ` ${filter}`
    .split(/ (?=\|[ =~]|![=~] )/)
    .filter((part) => part !== "" && part !== " ");
  if (!parts.every((part) => part.startsWith("| "))) return undefined;
  const tests = parts.map((part) => part.slice(2).trim());
  return tests.length === 1 ? tests[0] : `(${tests.join(" and ")})`;
}

function comparison(
  { operator, left, right }: Extract<VrlExpression, { kind: "binary" }>,
  isNegated: boolean,
): string | undefined {
  const field = fieldOf(left);
  const value = withoutCasts(right);
  if (field === undefined || field === "body" || value.kind !== "literal") return undefined;
  const opposite: Readonly<Record<string, string>> = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
  };
  const own = isNegated ? opposite[operator] : operator;
  if (own === undefined || opposite[operator] === undefined) return undefined;
  if (value.value === null)
    return own === "==" ? `| ${field}=""` : own === "!=" ? `| ${field}!=""` : undefined;
  if (typeof value.value === "number") return `| ${field} ${own} ${value.value}`;
  if (own !== "==" && own !== "!=") return undefined;
  return `| ${field}${own === "==" ? "=" : "!="}${quoted(String(value.value))}`;
}

function test(
  { name, args }: Extract<VrlExpression, { kind: "call" }>,
  isNegated: boolean,
): string | undefined {
  const [first, second] = args.map(({ value }) => value);
  if (first === undefined) return undefined;
  const isSensitive = args.every(
    (arg) =>
      arg.name !== "case_sensitive" || (arg.value.kind === "literal" && arg.value.value === true),
  );
  if (name === "exists" || name === "is_null" || name === "is_nullish") {
    const field = fieldOf(first);
    if (field === undefined || field === "body") return undefined;
    return `| ${field}${(name === "exists") === isNegated ? "=" : "!="}""`;
  }
  if (name === "includes" && first.kind === "list" && second !== undefined) {
    const field = fieldOf(second);
    const values = first.items.flatMap((item) =>
      item.kind === "literal" ? [escaped(String(item.value))] : [],
    );
    if (field === undefined || field === "body" || values.length < first.items.length)
      return undefined;
    return `| ${field}${isNegated ? "!~" : "=~"}${quoted(values.join("|"))}`;
  }
  const pattern = patternOf(name, second);
  const lower =
    first.kind === "call" && (first.name === "downcase" || first.name === "upcase")
      ? first.args[0]?.value
      : undefined;
  const field = fieldOf(lower ?? first);
  if (pattern === undefined || field === undefined) return undefined;
  const own = `${isSensitive && lower === undefined ? "" : "(?i)"}${pattern}`;
  if (field === "body") return `${isNegated ? "!~" : "|~"} ${quoted(own)}`;
  return `| ${field}${isNegated ? "!~" : "=~"}${quoted(`(?s:.*)(?-s:${own})(?s:.*)`)}`;
}

/** The pattern that a call looks for. */
function patternOf(name: string, argument: VrlExpression | undefined): string | undefined {
  if (argument?.kind === "regex") return name === "match" ? argument.pattern : undefined;
  if (argument?.kind !== "literal" || typeof argument.value !== "string") return undefined;
  const text = escaped(argument.value);
  const patterns: Readonly<Record<string, string>> = {
    contains: text,
    starts_with: `^${text}`,
    ends_with: `${text}$`,
  };
  return patterns[name];
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
