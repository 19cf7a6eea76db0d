/** Unix ms, both ends belong to it. */
export type Span = { readonly fromMs: number; readonly toMs: number };

/** A number that an exporter gave out. Its request came within the span, which ends with the answer. */
export type GivenNumber = Span & {
  readonly number: number;
  /** The same connection asked again, so the answer was read to its end, and the scrape after it had begun. */
  readonly isRead: boolean;
};

export type CauseKind = "scrape_failed" | "cut_short" | "disk_error";

/**
 * Something that was seen to happen, by which one scrape, and one only, left no number behind; the scrape's request was under way at some
 * time within one of the spans.
 */
export type Cause = { readonly kind: CauseKind; readonly spans: readonly Span[] };

/**
 * Gives each missing number a cause of its own, so that as many as can be have one: a number without is unexplained. What is seldom
 * enough for a simple search (augmenting paths, as for any bipartite matching).
 */
export function explainSamples(
  missing: readonly GivenNumber[],
  causes: readonly Cause[],
): { explained: Record<CauseKind, number>; unexplained: number[] } {
  const owner = new Map<Cause, GivenNumber>();
  const find = (given: GivenNumber, seen: Set<Cause>): boolean => {
    for (const cause of causes) {
      if (seen.has(cause) || !fits(given, cause)) continue;
      seen.add(cause);
      const before = owner.get(cause);
      if (before !== undefined && !find(before, seen)) continue;
      owner.set(cause, given);
      return true;
    }
    return false;
  };
  const unexplained = missing.filter((given) => !find(given, new Set()));
  const explained = { scrape_failed: 0, cut_short: 0, disk_error: 0 };
  for (const { kind } of owner.keys()) explained[kind]++;
  return { explained, unexplained: unexplained.map(({ number }) => number) };
}

/**
 * An agent that has asked again over the same connection had read the answer, and lived. One that the machine keeps from its turn finds
 * the answer together with the time-out, and its row says that the scrape failed: then the answer was there before the time-out.
 */
function fits(given: GivenNumber, { kind, spans }: Cause): boolean {
  if (given.isRead && kind === "cut_short") return false;
  if (given.isRead && kind === "scrape_failed")
    return spans.some(({ fromMs, toMs }) => given.toMs >= fromMs && given.toMs <= toMs);
  return spans.some(({ fromMs, toMs }) => given.fromMs <= toMs && given.toMs >= fromMs);
}
