import { OperatingError } from "#shared/errors.ts";
import { unquote } from "#shared/text/go_quoted.ts";
import { type AlertMatcher, type MatcherOperator, createMatcher } from "./matcher.ts";

type TokenKind = "{" | "}" | "," | "operator" | "quoted" | "unquoted";
type Token = { readonly kind: TokenKind; readonly text: string; readonly column: number };

const token =
  /(?<space>\s+)|(?<brace>[{}])|(?<comma>,)|(?<operator>=~|!~|!=|=)|(?<quoted>"(?:\\.|[^"\\])*")|(?<unquoted>[^\s{}!=~,\\"'`]+)/suy;

/**
 * Matchers with names and values of any characters, such as `{"my label"=~"a|b", team!=x}`; braces may be left out. What stands without
 * quotes holds no white space and none of {}!=~,\"'` (Alertmanager, matcher/parse). Throws OperatingError("bad_request").
 */
export function parseUtf8Matchers(input: string): AlertMatcher[] {
  const tokens = tokensOf(input);
  let place = 0;
  const next = (expected: string, ...kinds: readonly TokenKind[]): Token => {
    const found = tokens[place];
    if (found === undefined) throw invalid(`unexpected end of input: expected ${expected}`);
    if (!kinds.includes(found.kind))
      throw invalid(`column ${found.column}: unexpected ${found.text}: expected ${expected}`);
    place++;
    return found;
  };
  const isAt = (kind: TokenKind): boolean => tokens[place]?.kind === kind;
  const matchers: AlertMatcher[] = [];
  const isBraced = isAt("{");
  if (isBraced) place++;
  while (place < tokens.length && !isAt("}")) {
    const name = textOf(next("a label name", "quoted", "unquoted"));
    const { text } = next("an operator such as '=', '!=', '=~' or '!~'", "operator");
    const value = textOf(next("a label value", "quoted", "unquoted"));
    matchers.push(createMatcher(name, operatorOf(text), value));
    if (place === tokens.length || isAt("}")) break;
    next("a comma or a closing brace", ",");
  }
  if (isBraced) next("a closing brace", "}");
  const rest = tokens[place];
  if (rest !== undefined)
    throw invalid(`column ${rest.column}: unexpected ${rest.text}: expected the end of input`);
  return matchers;
}

function tokensOf(input: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (let at = 0; at < input.length; at = token.lastIndex) {
    token.lastIndex = at;
    const { groups } = token.exec(input) ?? {};
    if (groups === undefined)
      throw invalid(`column ${at + 1}: invalid input ${JSON.stringify(input.slice(at, at + 20))}`);
    const { space, brace, comma, operator, quoted, unquoted } = groups;
    if (space !== undefined) continue;
    const text = brace ?? comma ?? operator ?? quoted ?? unquoted ?? "";
    tokens.push({ kind: kindOf(text, { operator, quoted, unquoted }), text, column: at + 1 });
  }
  return tokens;
}

function kindOf(
  text: string,
  { operator, quoted, unquoted }: Readonly<Record<string, string | undefined>>,
): TokenKind {
  if (operator !== undefined) return "operator";
  if (quoted !== undefined) return "quoted";
  if (unquoted !== undefined) return "unquoted";
  if (text === "{" || text === "}") return text;
  return ",";
}

function textOf({ kind, text, column }: Token): string {
  if (kind !== "quoted") return text;
  const inner = unquote(text);
  if (inner === undefined || text.includes("\n"))
    throw invalid(`column ${column}: invalid text ${text}: expected Go's escapes`);
  return inner;
}

function operatorOf(text: string): MatcherOperator {
  if (text === "=" || text === "!=" || text === "=~") return text;
  return "!~";
}

function invalid(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}
