import type { RecordState } from "../record_state.ts";

/** Sends a record through one stage of a pipeline; false drops it. */
export type StageRun = (state: RecordState) => boolean;

/** What later stages and the result look at of the labels that a parser finds. */
export type Wanted = {
  /** All of them where undefined. */
  readonly names: ReadonlySet<string> | undefined;
  /** Whether a line is read to its end, because somebody looks at its faults. */
  readonly isExact: boolean;
};

/** A label's name as Prometheus would have it: other characters become `_`, and a digit at its head gets one before it. */
export function cleanLabelName(text: string): string {
  const name = withoutSpace(text);
  const clean = /^\w*$/.test(name) ? name : name.replaceAll(/[^A-Za-z0-9_]/gu, "_");
  return /^[0-9]/.test(clean) ? `_${clean}` : clean;
}

/** Go's TrimSpace, which knows U+0085 as white space and U+FEFF as none. */
export function withoutSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charAt(start))) start++;
  while (end > start && isSpace(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(character: string): boolean {
  return /^\p{White_Space}$/u.test(character);
}

/** Memory of names that come again with each line. Bounded: lines may hold keys made of their data. */
export function nameMemo(): (text: string) => string {
  const memo = new Map<string, string>();
  return (text) => {
    const known = memo.get(text);
    if (known !== undefined) return known;
    const name = cleanLabelName(text);
    if (memo.size >= memoMax) memo.clear();
    memo.set(text, name);
    return name;
  };
}

const memoMax = 10_000;

/** Names of fields that may give a wanted label: a label that clashes with another has a suffix that its field has not. */
export function candidatesOf({ names }: Wanted): ReadonlySet<string> | undefined {
  if (names === undefined) return undefined;
  return new Set([...names].flatMap((name) => [name, name.replace(/_extracted$/, "")]));
}
