/** maybe: only if a later line does. */
export type Verdict = "yes" | "no" | "maybe";

/** Tells which lines make one record. */
export type LineJoiner = {
  /** A record begins with this line. */
  start(line: string): void;
  /** Whether the next line belongs to the record. */
  continues(line: string): Verdict;
};
