/**
 * About how many instructions a pattern compiles to, without compiling it: a short text with nested repetitions can stand for millions. Counts
 * a character or class as one instruction, and what repeats as often as it may repeat. Never far below what re2js makes of it.
 */
export function patternSize(pattern: string): number {
  const outer: number[] = [];
  let size = 0;
  let last = 0;
  for (let i = 0; i < pattern.length; i++) {
    switch (pattern[i]) {
      case "(":
        outer.push(size);
        size = 0;
        i = endOfPrefix(pattern, i);
        break;
      case ")":
        last = size + 2;
        size = last + (outer.pop() ?? 0);
        break;
      case "|":
        size += 1;
        last = 0;
        break;
      case "*":
      case "+":
      case "?":
        size += 1;
        last += 1;
        break;
      case "{": {
        const [text, count] = repetitionAt(pattern, i);
        if (text === "") last = 1;
        size += text === "" ? 1 : last * (count - 1) + count;
        if (text !== "") last = (last + 1) * count;
        i += Math.max(0, text.length - 1);
        break;
      }
      default: {
        const end = endOfAtom(pattern, i);
        last = pattern.startsWith("\\Q", i) ? end - i : 1;
        size += last;
        i = end;
      }
    }
  }
  return outer.reduce((sum, one) => sum + one, size);
}

/** The last character of `(?P<name>`, `(?i:` or `(?i`; of a plain group its parenthesis. */
function endOfPrefix(pattern: string, at: number): number {
  prefix.lastIndex = at;
  return prefix.test(pattern) ? prefix.lastIndex - 1 : at;
}

const prefix = /\(\?(?:P?<[^>]*>|[a-zA-Z-]*:?)/y;

function repetitionAt(pattern: string, at: number): [text: string, count: number] {
  repetition.lastIndex = at;
  const [text = "", least = "", comma = "", most = ""] = repetition.exec(pattern) ?? [];
  if (text === "") return ["", 0];
  return [
    text,
    Math.max(1, Number(most === "" ? least : most) + (comma !== "" && most === "" ? 1 : 0)),
  ];
}

const repetition = /\{(\d+)(,?)(\d*)\}/y;

/** The last character of what stands for one character, or of a quoted text. */
function endOfAtom(pattern: string, at: number): number {
  if (pattern[at] === "[") {
    characterClass.lastIndex = at;
    return characterClass.test(pattern) ? characterClass.lastIndex - 1 : at;
  }
  if (pattern[at] !== "\\") return at;
  const kind = pattern[at + 1] ?? "";
  if (kind === "Q") {
    const end = pattern.indexOf("\\E", at + 2);
    return end < 0 ? pattern.length - 1 : end + 1;
  }
  if ("pPx".includes(kind) && pattern[at + 2] === "{") {
    const end = pattern.indexOf("}", at);
    if (end > 0) return end;
  }
  return at + 1;
}

const characterClass = /\[\^?\]?(?:\[:\^?[a-z]+:\]|\\[\s\S]|[^\]\\])*\]/y;
