/** Whether a text is in a list; undefined where only the whole engine knows. */
export type TextList = (text: string) => boolean | undefined;

/** Texts with dots at the same places, which stand for any character. */
type Dotted = { readonly places: readonly number[]; readonly texts: Set<string> };
/** With more different ones a list is compiled like any pattern. */
const dottedMax = 200;

/**
 * The list that a pattern stands for when it is nothing but alternatives of plain texts, as queries for a list of hosts are: dots, which stand for
 * any character, may be among them. Undefined for any other pattern.
 */
export function plainAlternatives(pattern: string): TextList | undefined {
  const inner = /^\((?:\?:)?([^()]*)\)$/.exec(pattern)?.[1] ?? pattern;
  const special = inner.includes("\\") ? unescaped(inner) : inner;
  if (inner.includes("\\|") || /[\\^$?*+()[\]{}]/.test(special)) return undefined;
  const texts = new Set<string>();
  const dotted = new Map<string, Dotted>();
  for (const one of inner.split("|")) {
    const text = one.includes("\\") ? one.replaceAll(/\\(.)/gu, "$1") : one;
    texts.add(text);
    const places = dotsIn(one);
    if (places.length === 0) continue;
    const key = `${text.length} ${places.join()}`;
    const known = dotted.get(key) ?? { places, texts: new Set() };
    dotted.set(key, known);
    known.texts.add(text);
  }
  if (dotted.size > dottedMax) return undefined;
  return (text) => {
    if (texts.has(text)) return true;
    if (dotted.size === 0) return false;
    // A dot stands for a character, which may be two code units.
    if (/[\ud800-\udfff]/.test(text)) return undefined;
    for (const one of dotted.values()) if (one.texts.has(withDots(text, one.places))) return true;
    return false;
  };
}

/** Without the characters of punctuation that a backslash makes plain. */
function unescaped(pattern: string): string {
  return pattern.replaceAll(/\\[^\w\s]/gu, "");
}

/** Where in the text, without backslashes, a dot stands for any character. */
function dotsIn(pattern: string): number[] {
  const places: number[] = [];
  let escapes = 0;
  let from = 0;
  for (let at = pattern.indexOf("."); at >= 0; at = pattern.indexOf(".", at + 1)) {
    for (let i = pattern.indexOf("\\", from); i >= 0 && i < at; i = pattern.indexOf("\\", i + 2)) {
      escapes++;
      from = i + 2;
    }
    if (from <= at) places.push(at - escapes);
  }
  return places;
}

function withDots(text: string, places: readonly number[]): string {
  let made = "";
  let from = 0;
  for (const place of places) {
    if (place >= text.length) return "";
    made += `${text.slice(from, place)}.`;
    from = place + 1;
  }
  return made + text.slice(from);
}
