export type VrlToken = {
  readonly kind: "name" | "field" | "number" | "string" | "regex" | "symbol" | "newline" | "end";
  readonly text: string;
  /** Counted from 0 within the program. */
  readonly line: number;
};

const token =
  /(?<space>[ \t\r]+)|(?<comment>#[^\n]*)|(?<newline>\n|;)|(?<regex>r'(?:[^'\\]|\\.)*')|(?<string>"(?:[^"\\]|\\.)*"|s'(?:[^'\\]|\\.)*'|t'[^']*')|(?<field>[.%](?:[A-Za-z_@][\w@]*|"[^"]*")(?:\.(?:[A-Za-z_@][\w@]*|"[^"]*")|\[-?\d+\])*|\.(?![A-Za-z_"\d]))|(?<name>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?)|(?<symbol>\?\?=|\|=|&&|\|\||==|!=|<=|>=|\?\?|=>|->|[-+*/=<>!(){}[\],:.|?])/y;

/** Tokens of a program in Vector's language (vector.dev/docs/reference/vrl); undefined where something is none. */
export function vrlTokens(text: string): VrlToken[] | undefined {
  const tokens: VrlToken[] = [];
  let [at, line] = [0, 0];
  while (at < text.length) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) return undefined;
    const { groups = {} } = found;
    const [whole] = found;
    at = token.lastIndex;
    const kinds = ["newline", "regex", "string", "field", "name", "number", "symbol"] as const;
    const kind = kinds.find((own) => groups[own] !== undefined);
    if (kind !== undefined) tokens.push({ kind, text: meaningOf(kind, whole), line });
    line += whole.split("\n").length - 1;
  }
  tokens.push({ kind: "end", text: "", line });
  return tokens;
}

function meaningOf(kind: VrlToken["kind"], text: string): string {
  if (kind === "regex") return text.slice(2, -1).replaceAll("\\'", "'");
  if (kind !== "string") return text;
  if (text.startsWith("t'")) return text.slice(2, -1);
  if (text.startsWith("s'")) return text.slice(2, -1).replaceAll("\\'", "'");
  return text
    .slice(1, -1)
    .replaceAll(/\\(u\{([0-9a-fA-F]+)\}|.)/gs, (_, escape: string, code: string | undefined) => {
      if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
      return { n: "\n", t: "\t", r: "\r", "0": "\0", "\n": "" }[escape] ?? escape;
    });
}
