import { searchFilter } from "./filter.ts";
import type { SearchParams } from "./params.ts";

export type Match = { readonly text: string; readonly score: number };

/** Texts that are looked at before others get a turn. */
const textsAtOnce = 10_000;

/** Those of the texts that match, in the order that is asked for; the best first by score, and of the same score by text. */
export async function searched(
  texts: readonly string[],
  params: SearchParams,
  signal: AbortSignal,
): Promise<readonly Match[]> {
  const filter = searchFilter(params);
  const matches: Match[] = [];
  for (const [i, text] of texts.entries()) {
    if (i % textsAtOnce === textsAtOnce - 1) {
      await Bun.sleep(0);
      signal.throwIfAborted();
    }
    const score = filter(text);
    if (score !== undefined) matches.push({ text, score });
  }
  const byText = (a: Match, b: Match): number => (a.text < b.text ? -1 : 1);
  switch (params.order) {
    case "ascending":
      return matches.toSorted(byText);
    case "descending":
      return matches.toSorted((a, b) => byText(b, a));
    case "score":
      return matches.toSorted((a, b) => b.score - a.score || byText(a, b));
  }
}
