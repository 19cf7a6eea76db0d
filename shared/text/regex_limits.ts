/** What users' regular expressions may cost. Nothing else runs during a match. */
export type RegexLimits = {
  /**
   * Instructions of one expression; a larger one is refused before it is compiled. Compiling takes 2 microseconds for each. A list of
   * 1,500 host names with wildcards has as many; a list of plain names may be of any length, since it needs no program.
   */
  readonly instructionsMax: number;
  /**
   * Steps that one match of a query's expression may take in one text, 20 to 60 ms of them. Reached only by large expressions in
   * long texts; the match is refused then.
   */
  readonly matchStepsMax: number;
  /** Steps of a query's expression that needs too many states for an automaton, in one turn of the event loop: some 100 ms. */
  readonly turnStepsMax: number;
};

export const defaultRegexLimits: RegexLimits = {
  instructionsMax: 40_000,
  matchStepsMax: 2_000_000,
  turnStepsMax: 15_000_000,
};

/** Steps that an expression of the agent's configuration may take in one text: 20 to 60 ms. */
export const recordStepsMax = 2_000_000;

let limits = defaultRegexLimits;

/** The limits of this process. */
export function regexLimits(): RegexLimits {
  return limits;
}

/** Sets the limits of this process, before the first query. */
export function setRegexLimits(next: RegexLimits): void {
  limits = next;
}

/** Steps that a query's match may take: the second argument of anchoredRegex() and searchingRegex(). */
export function queryStepsMax(): number {
  return limits.matchStepsMax;
}
