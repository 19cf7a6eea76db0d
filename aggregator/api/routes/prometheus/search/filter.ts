import { jaroWinkler, subsequenceScore } from "./scores.ts";

export const fuzzAlgorithms = ["subsequence", "jarowinkler"] as const;
export type FuzzAlgorithm = (typeof fuzzAlgorithms)[number];

/** How well a text matches, from 0 to 1; undefined when it does not. */
export type Filter = (text: string) => number | undefined;

export type FilterParams = {
  /** A text matches when one of them does, with the best score. Empty ones don't count; without any all match with 1. */
  readonly terms: readonly string[];
  readonly algorithm: FuzzAlgorithm;
  /** Least score from 0 to 1. */
  readonly threshold: number;
  readonly caseSensitive: boolean;
};

/** Matches and scores texts as Prometheus's web/api/v1/search_filters.go defines it. */
export function searchFilter({ terms, algorithm, threshold, caseSensitive }: FilterParams): Filter {
  const wanted = terms.filter((term) => term !== "");
  if (wanted.length === 0) return () => 1;
  const cased = (text: string): string => (caseSensitive ? text : text.toLowerCase());
  const ofTerm = algorithm === "subsequence" ? bySubsequence : byJaroWinkler;
  const filters = wanted.map((term) => ofTerm(cased(term), threshold));
  return (text) => {
    const compared = cased(text);
    let best: number | undefined;
    for (const filter of filters) {
      const score = filter(compared);
      if (score !== undefined && (best === undefined || score > best)) best = score;
    }
    return best;
  };
}

/** All characters of the term in their order; a term that the text begins with scores 1. */
function bySubsequence(term: string, threshold: number): Filter {
  return (text) => {
    if (text.startsWith(term)) return 1;
    const score = subsequenceScore(term, text);
    return score > 0 && score >= threshold ? score : undefined;
  };
}

/** Contained as it is; or, where there is a threshold, similar. */
function byJaroWinkler(term: string, threshold: number): Filter {
  return (text) => {
    if (text.startsWith(term)) return 1;
    if (text.includes(term)) return 0.9;
    if (threshold === 0) return undefined;
    const score = jaroWinkler(term, text);
    return score >= threshold ? score : undefined;
  };
}
