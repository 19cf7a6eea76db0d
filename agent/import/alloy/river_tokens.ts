import { unquote } from "#shared/text/go_quoted.ts";
import type { ImportMistakes } from "../mistakes.ts";

export type RiverToken = {
  readonly kind: "name" | "number" | "string" | "symbol" | "end";
  /** As it stands there; of a string, what it means. */
  readonly text: string;
  readonly line: number;
  /** A line ends before it: an attribute or block begins on a line of its own. */
  readonly isFirst: boolean;
};

const token =
  /(?<space>[ \t\r]+)|(?<newline>\n)|(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<name>[\p{L}_][\p{L}\p{Nd}_]*)|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<symbol>&&|\|\||==|!=|<=|>=|[-+*/%^<>=!(){}[\],.])/uy;

/**
 * The tokens of Alloy's configuration language (grafana.com/docs/alloy/latest/get-started/configuration-syntax). What is none is noted,
 * once a line, and left out.
 */
export function riverTokens(text: string, file: string, mistakes: ImportMistakes): RiverToken[] {
  const tokens: RiverToken[] = [];
  let [line, at, isFirst, faultLine] = [1, 0, true, 0];
  while (at < text.length) {
    token.lastIndex = at;
    const found = token.exec(text);
    const { groups = {} } = found ?? {};
    if (found === null) {
      if (faultLine !== line) mistakes.addAt(`${file}:${line}`, faultAt(text, at));
      faultLine = line;
      at++;
      continue;
    }
    at = token.lastIndex;
    const [whole] = found;
    const kind = (["name", "number", "string", "symbol"] as const).find(
      (own) => groups[own] !== undefined,
    );
    if (kind !== undefined) {
      const meaning = kind === "string" ? unquote(whole) : whole;
      if (meaning === undefined) mistakes.addAt(`${file}:${line}`, "a string has a wrong escape");
      tokens.push({ kind, text: meaning ?? "", line, isFirst });
      isFirst = false;
    }
    const lines = whole.split("\n").length - 1;
    if (lines > 0 && groups.string === undefined) isFirst = true;
    line += lines;
  }
  tokens.push({ kind: "end", text: "", line, isFirst: true });
  return tokens;
}

function faultAt(text: string, at: number): string {
  const character = text[at] ?? "";
  if (character === '"') return "a string does not end on its line";
  if (character === "`") return "a raw string does not end";
  if (text.startsWith("/*", at)) return "a comment does not end";
  return "a character that means nothing here";
}
