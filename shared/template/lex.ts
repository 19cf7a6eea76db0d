import { unquote } from "../text/go_quoted.ts";

/** Go's text/template cut into text and the tokens of its actions. */
export type TemplateToken =
  | { readonly kind: "text"; readonly text: string; readonly at: number }
  | { readonly kind: "open" | "close" | "space"; readonly text: string; readonly at: number }
  | {
      readonly kind: "field" | "variable" | "word" | "symbol";
      readonly text: string;
      readonly at: number;
    }
  | { readonly kind: "string"; readonly text: string; readonly at: number }
  | { readonly kind: "number"; readonly text: string; readonly at: number };

/** A template that can't be read. */
export class TemplateError extends Error {}

const patterns: readonly (readonly [TemplateToken["kind"], RegExp])[] = [
  ["space", /\s+/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  [
    "number",
    /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y,
  ],
  ["number", /'(?:[^'\\\n]|\\[^\n]{1,10}?)'/y],
  ["field", /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ["variable", /\$[\p{L}_]?[\p{L}\p{Nd}_]*/uy],
  ["word", /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ["symbol", /:=|[.|(),=]/y],
];

export function tokenizeTemplate(source: string): TemplateToken[] {
  const tokens: TemplateToken[] = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("{{", at);
    const end = open < 0 ? source.length : open;
    const trims = open >= 0 && /^\{\{-\s/.test(source.slice(open, open + 4));
    const text = source.slice(at, end);
    const kept = trims ? text.trimEnd() : text;
    if (kept !== "") tokens.push({ kind: "text", text: kept, at });
    if (open < 0) break;
    at = scanAction(source, open + (trims ? 3 : 2), tokens);
  }
  return tokens;
}

/** Reads one action, from behind its `{{`; gives the offset behind its `}}` and behind the space that it trims. */
function scanAction(source: string, start: number, tokens: TemplateToken[]): number {
  const comment = /\s*\/\*[\s\S]*?\*\/\s*(-?)\}\}/y;
  comment.lastIndex = start;
  const skipped = comment.exec(source);
  if (skipped !== null) return afterTrim(source, comment.lastIndex, skipped[1] === "-");
  tokens.push({ kind: "open", text: "{{", at: start });
  let at = start;
  while (true) {
    if (source.startsWith("}}", at) || /^\s-\}\}/.test(source.slice(at, at + 4))) {
      const trims = !source.startsWith("}}", at);
      tokens.push({ kind: "close", text: "}}", at });
      return afterTrim(source, at + (trims ? 4 : 2), trims);
    }
    if (at >= source.length) throw new TemplateError("unclosed action");
    const token = scanToken(source, at);
    tokens.push(token);
    at = token.at + lengthAt(source, token);
  }
}

function afterTrim(source: string, at: number, trims: boolean): number {
  if (!trims) return at;
  const rest = /\s*/y;
  rest.lastIndex = at;
  rest.exec(source);
  return rest.lastIndex;
}

const lengths = new WeakMap<TemplateToken, number>();

function lengthAt(_source: string, token: TemplateToken): number {
  return lengths.get(token) ?? token.text.length;
}

function scanToken(source: string, at: number): TemplateToken {
  for (const [kind, pattern] of patterns) {
    // A space before `-}}` belongs to the end of the action.
    pattern.lastIndex = at;
    let match = pattern.exec(source)?.[0];
    if (match === undefined) continue;
    if (kind === "space" && source.startsWith("-}}", at + match.length)) match = match.slice(0, -1);
    if (match === "") continue;
    const token: TemplateToken = { kind, text: valueOf(kind, match), at };
    lengths.set(token, match.length);
    return token;
  }
  if (source[at] === '"') throw new TemplateError("unterminated quoted string");
  if (source[at] === "`") throw new TemplateError("unterminated raw quoted string");
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  throw new TemplateError(`unrecognized character in action: ${JSON.stringify(character)}`);
}

function valueOf(kind: TemplateToken["kind"], written: string): string {
  if (kind === "string") {
    const text = unquote(written);
    if (text === undefined) throw new TemplateError(`invalid syntax in ${written}`);
    return text;
  }
  if (kind === "number" && written.startsWith("'")) {
    const text = unquote(
      `"${written
        .slice(1, -1)
        .replaceAll('"', String.raw`\"`)
        .replaceAll(String.raw`\'`, "'")}"`,
    );
    return String(text?.codePointAt(0) ?? 0);
  }
  return written;
}
