/** Longer names are not searched letter by letter. */
const lettersMax = 120;

/**
 * How well a name answers what was typed, 0 best; undefined where it doesn't. The whole name, then names that begin with the
 * text, words that begin with it, what holds it, and last names that hold its letters in their order. Of several words each must be found.
 */
export function rankOf(name: string, text: string): number | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return 0;
  const lower = name.toLowerCase();
  if (lower === wanted) return 0;
  if (lower.startsWith(wanted)) return 1;
  const ranks = wanted.split(/\s+/).map((word) => rankOfWord(lower, word));
  let worst = 0;
  for (const rank of ranks) {
    if (rank === undefined) return undefined;
    worst = Math.max(worst, rank);
  }
  return worst;
}

function rankOfWord(name: string, word: string): number | undefined {
  const at = name.indexOf(word);
  if (at === 0) return 2;
  if (at > 0) return beginsWord(name, word) ? 2 : 3;
  return word.length > 1 && name.length <= lettersMax && holdsLetters(name, word) ? 4 : undefined;
}

function beginsWord(name: string, word: string): boolean {
  for (let at = name.indexOf(word); at !== -1; at = name.indexOf(word, at + 1)) {
    if (at === 0 || /[^a-z0-9]/.test(name[at - 1] ?? "")) return true;
  }
  return false;
}

function holdsLetters(name: string, word: string): boolean {
  let at = 0;
  for (const letter of word) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

export type Ranked<T> = { readonly item: T; readonly rank: number };

/** The best answers, the order of equals kept. */
export function bestOf<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  text: string,
  countMax: number,
): readonly Ranked<T>[] {
  return items
    .flatMap((item): Ranked<T>[] => {
      const rank = rankOf(nameOf(item), text);
      return rank === undefined ? [] : [{ item, rank }];
    })
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, countMax);
}
