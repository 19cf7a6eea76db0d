/** Patterns such as `<ip> - <_> [<time>]`: texts that stand as they are, and captures between them. */
export type PatternPart =
  | { readonly kind: "text"; readonly text: string }
  /** Without a name (`<_>`) what it takes is thrown away. */
  | { readonly kind: "capture"; readonly name: string | undefined };

const capture = /<([A-Za-z_][A-Za-z0-9_]*)>/g;

export function parsePattern(source: string): PatternPart[] {
  const parts: PatternPart[] = [];
  let end = 0;
  for (const { 0: whole, 1: name = "", index } of source.matchAll(capture)) {
    if (index > end) parts.push({ kind: "text", text: source.slice(end, index) });
    parts.push({ kind: "capture", name: name === "_" ? undefined : name });
    end = index + whole.length;
  }
  if (end < source.length) parts.push({ kind: "text", text: source.slice(end) });
  return parts;
}

/** Two captures side by side, as written; there is no telling where one would end. */
export function adjacentCaptures(parts: readonly PatternPart[]): string | undefined {
  const text = (part: PatternPart) => (part.kind === "capture" ? `<${part.name ?? "_"}>` : "");
  for (const [i, part] of parts.entries()) {
    const next = parts[i + 1];
    if (part.kind === "capture" && next?.kind === "capture") return text(part) + text(next);
  }
  return undefined;
}

/** Whether a line fits the pattern of `|>`: captures take one character at least, and the line ends where the pattern does. */
export function fitsPattern(parts: readonly PatternPart[], line: string): boolean {
  if (line === "" || parts.length === 0) return line === "" && parts.length === 0;
  let at = 0;
  for (const [i, part] of parts.entries()) {
    if (part.kind === "capture") continue;
    const found = line.indexOf(part.text, at);
    if (found < 0 || (i !== 0 && found === at)) return false;
    at = found + part.text.length;
  }
  return (parts.at(-1)?.kind === "capture") === at < line.length;
}
