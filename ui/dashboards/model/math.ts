import { OperatingError } from "#shared/errors.ts";

/** An expression of Grafana's "math" over the answers of other queries, as a tree. */
export type MathNode =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "ref"; readonly ref: string }
  | { readonly kind: "unary"; readonly op: "-" | "!"; readonly of: MathNode }
  | {
      readonly kind: "binary";
      readonly op: string;
      readonly left: MathNode;
      readonly right: MathNode;
    }
  | { readonly kind: "call"; readonly name: string; readonly of: MathNode | undefined };

const tokenShape =
  /\s*(?:(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|\$\{([^}]+)\}|\$(\w+)|([a-z_]\w*)|(\*\*|\|\||&&|==|!=|>=|<=|[-+*/%<>!(),]))/iy;

type Token = {
  readonly kind: "number" | "ref" | "name" | "sign" | "end";
  readonly text: string;
  readonly at: number;
};

/** Signs from the weakest to the strongest. */
const levels: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!=", ">", "<", ">=", "<="],
  ["+", "-"],
  ["*", "/", "%"],
  ["**"],
];
const depthMax = 100;

/** Reads "$A * 2 + abs($B)". Throws OperatingError("bad_request") with the place of the mistake. */
export function parseMath(text: string): MathNode {
  const tokens = tokensOf(text);
  let at = 0;
  const peek = (): Token => tokens[at] ?? { kind: "end", text: "", at: text.length };
  const take = (): Token => {
    const token = peek();
    at += 1;
    return token;
  };
  const expect = (sign: string) => {
    const token = take();
    if (token.text !== sign) throw mistake(text, token, `"${sign}"`);
  };
  const level = (i: number, depth: number): MathNode => {
    const signs = levels[i];
    if (signs === undefined) return operand(depth);
    let left = level(i + 1, depth);
    while (peek().kind === "sign" && signs.includes(peek().text)) {
      const op = take().text;
      left = { kind: "binary", op, left, right: level(i + 1, depth) };
    }
    return left;
  };
  const operand = (depth: number): MathNode => {
    const token = take();
    if (depth > depthMax) throw mistake(text, token, "fewer parentheses");
    if (token.kind === "number") return { kind: "number", value: Number(token.text) };
    if (token.kind === "ref") return { kind: "ref", ref: token.text };
    if (token.text === "-" || token.text === "!")
      return { kind: "unary", op: token.text, of: operand(depth + 1) };
    if (token.text === "(") {
      const inner = level(0, depth + 1);
      expect(")");
      return inner;
    }
    if (token.kind !== "name")
      throw mistake(text, token, "a number, $A, a function or a parenthesis");
    expect("(");
    const of = peek().text === ")" ? undefined : level(0, depth + 1);
    expect(")");
    return { kind: "call", name: token.text, of };
  };
  const tree = level(0, 0);
  if (peek().kind !== "end") throw mistake(text, peek(), "an operator or the end");
  return tree;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const shape = new RegExp(tokenShape);
  for (let at = 0; at < text.trimEnd().length; at = shape.lastIndex) {
    shape.lastIndex = at;
    const found = shape.exec(text);
    if (found === null)
      throw mistake(
        text,
        { kind: "end", text: text.slice(at).trim().slice(0, 1), at },
        "a part of an expression",
      );
    const [, number, braced, ref, name, sign = ""] = found;
    const own = braced ?? ref;
    if (number !== undefined) tokens.push({ kind: "number", text: number, at });
    else if (own !== undefined) tokens.push({ kind: "ref", text: own, at });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, at });
    else tokens.push({ kind: "sign", text: sign, at });
  }
  return tokens;
}

function mistake(text: string, token: Token, expected: string): OperatingError {
  const found = token.kind === "end" && token.text === "" ? "the end" : `"${token.text}"`;
  return new OperatingError(
    "bad_request",
    `1:${token.at + 1}: found ${found} in "${text.slice(0, 200)}", expected ${expected}`,
  );
}
