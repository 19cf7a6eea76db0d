import { nextTurn } from "#shared/async/turns.ts";
import { PatternTree } from "../../patterns/pattern_tree.ts";
import { templateOfLine } from "../../patterns/line_patterns.ts";
import type { LogEntry } from "../logql/evaluate.ts";
import { fieldsOfEntry } from "./entry_fields.ts";

/** What a selection has more often than the rest. */
export type Difference = {
  readonly kind: "field" | "pattern";
  /** The field's name; "pattern" for patterns. */
  readonly name: string;
  readonly value: string;
  /** Entries that have it, in the selection and in the rest. */
  readonly selected: number;
  readonly rest: number;
  /** How many times as frequent it is in the selection: share of the selection by share of the rest. Absent where the rest has none. */
  readonly lift: number | undefined;
  /** Dunning's log-likelihood ratio (Computational Linguistics 19, 1993): how hardly it can be chance. */
  readonly score: number;
};

/** Below this it may well be chance: one in a thousand, by the chi-squared distribution of one degree of freedom. */
const scoreMin = 10.83;
/** Pairs of name and value that are counted; those that come later are not. */
const pairsMax = 500_000;
/** Entries between two pauses: a few milliseconds. */
const pauseEvery = 500;

type Count = {
  readonly kind: "field" | "pattern";
  readonly name: string;
  readonly value: string;
} & {
  selected: number;
  rest: number;
};

/** Fields and patterns that are over-represented in the selection, the surest first. */
export async function differenceOf(
  selected: readonly LogEntry[],
  rest: readonly LogEntry[],
  differencesMax: number,
): Promise<Difference[]> {
  const counts = new Map<string, Count>();
  const tree = new PatternTree();
  await count(selected, "selected", counts);
  await count(rest, "rest", counts);
  const found: Difference[] = [];
  for (const one of mergedPatterns(counts, tree)) {
    const lift = liftOf(one, selected.length, rest.length);
    const score = scoreOf(one.selected, selected.length, one.rest, rest.length);
    if ((lift ?? Infinity) > 1 && score >= scoreMin) found.push({ ...one, lift, score });
  }
  return found
    .toSorted(
      (a, b) => b.score - a.score || b.selected - a.selected || (a.value < b.value ? -1 : 1),
    )
    .slice(0, differencesMax);
}

async function count(
  entries: readonly LogEntry[],
  side: "selected" | "rest",
  counts: Map<string, Count>,
): Promise<void> {
  const add = (kind: Count["kind"], name: string, value: string) => {
    const key = `${kind}\n${name}\n${value}`;
    let known = counts.get(key);
    if (known === undefined) {
      if (counts.size >= pairsMax) return;
      counts.set(key, (known = { kind, name, value, selected: 0, rest: 0 }));
    }
    known[side]++;
  };
  for (const [i, entry] of entries.entries()) {
    if (i % pauseEvery === pauseEvery - 1) await nextTurn();
    for (const { name, value } of fieldsOfEntry(entry)) add("field", name, value);
    add("pattern", "pattern", templateOfLine(entry.body));
  }
}

/** Templates of lines become patterns once all of them are known. */
function mergedPatterns(counts: ReadonlyMap<string, Count>, tree: PatternTree): Count[] {
  const patterns = new Map<string, Count>();
  const fields: Count[] = [];
  for (const { kind, value } of counts.values()) if (kind === "pattern") tree.of(value);
  for (const one of counts.values()) {
    if (one.kind === "field") {
      fields.push(one);
      continue;
    }
    const value = tree.current(tree.of(one.value)).text;
    const known = patterns.get(value);
    if (known === undefined) patterns.set(value, { ...one, value });
    else {
      known.selected += one.selected;
      known.rest += one.rest;
    }
  }
  return [...fields, ...patterns.values()];
}

function liftOf({ selected, rest }: Count, ofSelected: number, ofRest: number): number | undefined {
  return rest === 0 ? undefined : selected / ofSelected / (rest / ofRest);
}

/** 2 · Σ observed · ln(observed / expected) over the four cells of having it or not, selected or not. */
function scoreOf(a: number, ofA: number, b: number, ofB: number): number {
  const all = ofA + ofB;
  const has = a + b;
  const cell = (observed: number, row: number, column: number) =>
    observed === 0 ? 0 : observed * Math.log((observed * all) / (row * column));
  return (
    2 *
    (cell(a, has, ofA) +
      cell(b, has, ofB) +
      cell(ofA - a, all - has, ofA) +
      cell(ofB - b, all - has, ofB))
  );
}
