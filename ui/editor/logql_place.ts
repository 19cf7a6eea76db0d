/** What may stand at a place of a LogQL text. `from` is where the word begun there starts, `eager` whether to offer unasked. */
export type LogqlPlace = {
  readonly from: number;
  readonly eager: boolean;
  /** The stream selector that the place belongs to, without what is being written; all streams where there is none. */
  readonly selector: string;
} & (
  | { readonly kind: "label" | "stage" | "pipe" | "grouping" | "range" | "start" }
  | {
      readonly kind: "value";
      readonly name: string;
      readonly of: "label" | "field";
      readonly isQuoted: boolean;
    }
);

type Token = {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly open: boolean;
};

const everything = '{service_name=~".+"}';
const token = /"(?:[^"\\\n]|\\.)*"?|`[^`]*`?|[A-Za-z_][\w.]*|\d[\w.]*|[|!=<>~]+|[^\s]/y;

/** Where the cursor stands, by the words before it: good enough for texts that are not complete, which parsers give up on. */
export function logqlPlace(text: string, position: number): LogqlPlace | undefined {
  const before = tokensOf(text.slice(0, position));
  const last = before.at(-1);
  const isWord = last !== undefined && last.to === position && /^[\w.]+$/.test(last.text);
  const isOpen = last !== undefined && last.open && last.to === position;
  const written = isWord || isOpen ? before.slice(0, -1) : before;
  const from =
    isOpen && last !== undefined
      ? last.from + 1
      : isWord && last !== undefined
        ? last.from
        : position;
  const depth = bracesAt(written);
  const selector = selectorBefore(text, written);
  const previous = written.at(-1)?.text ?? "";
  const common = { from, selector };
  if (/^(?:=|!=|=~|!~|==)$/.test(previous)) {
    const name = written.at(-2)?.text ?? "";
    if (/^[A-Za-z_]/.test(name))
      return {
        ...common,
        kind: "value",
        name,
        of: depth > 0 ? "label" : "field",
        isQuoted: isOpen,
        eager: true,
      };
    return undefined;
  }
  if (isOpen) return undefined;
  if (depth > 0) {
    if (previous === "{" || previous === ",") return { ...common, kind: "label", eager: true };
    return undefined;
  }
  if (previous === "[") return { ...common, kind: "range", eager: true };
  if (inGrouping(written)) return { ...common, kind: "grouping", eager: true };
  if (previous === "|" || /^(?:and|or)$/.test(previous))
    return { ...common, kind: "pipe", eager: true };
  if (previous === "" || /^[(,+*/%^-]$/.test(previous))
    return { ...common, kind: "start", eager: isWord };
  if (/^["`}]/.test(previous) || /^(?:json|logfmt|unpack|decolorize)$/.test(previous))
    return isWord ? undefined : { ...common, kind: "stage", eager: false };
  return undefined;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] ?? "")) {
      at++;
      continue;
    }
    token.lastIndex = at;
    const found = token.exec(text)?.[0] ?? text[at] ?? "";
    const [first = ""] = found;
    const isText = first === '"' || first === "`";
    const open = isText && (found.length === 1 || !found.endsWith(first));
    tokens.push({ text: found, from: at, to: at + found.length, open });
    at += Math.max(1, found.length);
  }
  return tokens;
}

function bracesAt(tokens: readonly Token[]): number {
  let depth = 0;
  for (const { text } of tokens) {
    if (text === "{") depth++;
    else if (text === "}") depth = Math.max(0, depth - 1);
  }
  return depth;
}

/** The last selector that is whole; of one that is being written, its matchers that are. */
function selectorBefore(text: string, tokens: readonly Token[]): string {
  const opening = tokens.findLastIndex((one) => one.text === "{");
  if (opening < 0) return everything;
  const inside = tokens.slice(opening + 1);
  const closing = inside.findIndex((one) => one.text === "}");
  const start = tokens[opening]?.from ?? 0;
  if (closing >= 0) return text.slice(start, inside[closing]?.to);
  const comma = inside.findLastIndex((one) => one.text === ",");
  if (comma < 0) return everything;
  const matchers = text.slice(start + 1, inside[comma]?.from).trim();
  return /=\s*(?!~?\s*""$)/.test(matchers) ? `{${matchers}}` : everything;
}

/** Whether names to group by stand here: `sum by (a, |`. */
function inGrouping(tokens: readonly Token[]): boolean {
  const opening = tokens.findLastIndex(({ text }) => text === "(");
  if (opening < 1 || tokens.slice(opening).some(({ text }) => text === ")")) return false;
  return /^(?:by|without|on|ignoring)$/.test(tokens[opening - 1]?.text ?? "");
}
