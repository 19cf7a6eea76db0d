import { OperatingError } from "#shared/errors.ts";

export type TokenKind = "number" | "duration" | "string" | "word" | "sign" | "end";
export type Token = {
  readonly kind: TokenKind;
  readonly text: string;
  /** Characters before it. */
  readonly at: number;
};

/** An expression that an agent does not evaluate: names line and column, and what was expected. */
export class ExpressionError extends OperatingError {
  constructor(source: string, at: number, message: string) {
    const before = source.slice(0, at).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    super("bad_request", `${before.length}:${column}: ${message}`);
  }
}

const shapes: readonly (readonly [TokenKind | "space", RegExp])[] = [
  ["space", /(?:\s+|#[^\n]*)/y],
  ["duration", /\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*(?![\w.])/y],
  ["number", /(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)(?![\w.])/y],
  ["word", /[a-zA-Z_:][a-zA-Z0-9_:]*/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y],
  ["sign", /==|!=|>=|<=|=~|!~|[=><+\-*/%^(){}[\],@:]/y],
];

/** Takes the text apart. Throws ExpressionError. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length;) {
    const start = at;
    for (const [kind, shape] of shapes) {
      shape.lastIndex = at;
      const text = shape.exec(source)?.[0];
      if (text === undefined) continue;
      if (kind !== "space") tokens.push({ kind, text, at });
      at += text.length;
      break;
    }
    if (at === start)
      throw new ExpressionError(
        source,
        at,
        `${JSON.stringify(source[at])} begins nothing that is known`,
      );
  }
  return [...tokens, { kind: "end", text: "", at: source.length }];
}
