/** One thing looked for in lines: a text in any case, or a regular expression as it is. */
export type Term = {
  readonly kind: "text" | "regex";
  readonly value: string;
  readonly exclude: boolean;
};

const termsMax = 50;

/**
 * Reads what people type into a search box: `error timeout "disk full" -debug /5\d\d/`. Every term has to be in the line, those
 * after a minus must not. A quote or slash that is not closed reaches to the end.
 */
export function parseWords(text: string): Term[] {
  const terms: Term[] = [];
  let at = 0;
  while (at < text.length && terms.length < termsMax) {
    if (/\s/.test(text[at] ?? "")) {
      at++;
      continue;
    }
    const exclude = text[at] === "-" && at + 1 < text.length && !/\s/.test(text[at + 1] ?? "");
    if (exclude) at++;
    const opening = text[at];
    if (opening === '"' || (opening === "/" && closes(text, at))) {
      const { value, end } = quoted(text, at, opening);
      if (value !== "") terms.push({ kind: opening === '"' ? "text" : "regex", value, exclude });
      at = end;
      continue;
    }
    let end = at;
    while (end < text.length && !/\s/.test(text[end] ?? "")) end++;
    terms.push({ kind: "text", value: text.slice(at, end), exclude });
    at = end;
  }
  return terms;
}

/** A slash opens a regular expression where another one ends a word: `/api/cart` is a path. */
function closes(text: string, from: number): boolean {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "/") return at > from + 1 && /\s|^$/.test(text[at + 1] ?? "");
  }
  return false;
}

function quoted(text: string, from: number, mark: string): { value: string; end: number } {
  let value = "";
  let at = from + 1;
  for (; at < text.length && text[at] !== mark; at++) {
    const next = text[at + 1];
    // Only the mark itself, and a backslash within quotes, are escaped; those of a regular expression are its own.
    if (text[at] === "\\" && (next === mark || (mark === '"' && next === "\\"))) at++;
    else if (text[at] === "\\" && mark === "/" && next !== undefined) value += text[at++] ?? "";
    value += text[at] ?? "";
  }
  return { value, end: at + 1 };
}

/** The text that parseWords() reads as these terms. */
export function printWords(terms: readonly Term[]): string {
  return terms
    .map(({ kind, value, exclude }) => (exclude ? "-" : "") + printTerm(kind, value))
    .join(" ");
}

function printTerm(kind: Term["kind"], value: string): string {
  if (kind === "regex")
    return `/${value.replace(/\\.|\//gs, (found) => (found === "/" ? "\\/" : found))}/`;
  const isPlain = /^[^\s"\-/]\S*$/.test(value) || (/^\/\S*$/.test(value) && !closes(value, 0));
  return isPlain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}
