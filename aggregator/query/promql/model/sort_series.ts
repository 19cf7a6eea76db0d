import { sortInTurns } from "#shared/async/sort_in_turns.ts";
import type { Labels } from "#shared/model/labels.ts";
import { type Budget, breathe } from "./context.ts";
import { type StepSeries, floatsOf, hasSample } from "./values.ts";

type Labelled = { readonly labels: Labels };

/** Series between two looks at the clock. */
const seriesAtOnce = 64;

/** In the order of their labels: by name, then value, pair by pair. */
export async function sortByLabels<Series extends Labelled>(
  budget: Budget,
  series: readonly Series[],
): Promise<Series[]> {
  const keyed = await withPairs(budget, series);
  const sorted = await sortInTurns(keyed, comparePairs, () => breathe(budget));
  return sorted.map(({ one }) => one);
}

/** sort() and sort_desc(), of numbers alone: by the first (in an instant query the only) step; NaN last. */
export async function sortByValue(
  budget: Budget,
  series: readonly StepSeries[],
  sign: 1 | -1,
): Promise<readonly StepSeries[]> {
  const numbers = series.map(floatsOf).filter(hasSample);
  const compare = (a: StepSeries, b: StepSeries) =>
    bySample(a.values[0] ?? 0, b.values[0] ?? 0, sign);
  return sortInTurns(numbers, compare, () => breathe(budget));
}

/** sort_by_label(): natural order of the labels in turn, then of the whole label set. */
export async function sortByLabel(
  budget: Budget,
  series: readonly StepSeries[],
  names: readonly string[],
  sign: 1 | -1,
): Promise<readonly StepSeries[]> {
  const ranks = new Map<string, number>();
  for (const name of names) if (!ranks.has(name)) ranks.set(name, ranks.size);
  const ranked: Ranked[] = [];
  for (const [i, { one, pairs }] of (await withPairs(budget, series)).entries()) {
    if (i % seriesAtOnce === 0) await breathe(budget);
    ranked.push({ one, pairs, asked: askedOf(pairs, ranks) });
  }
  const compare = (a: Ranked, b: Ranked): number =>
    sign * (compareAsked(a.asked, b.asked) || comparePairs(a, b));
  const sorted = await sortInTurns(ranked, compare, () => breathe(budget));
  return sorted.map(({ one }) => one);
}

/** A label that was asked for: its place among those, and its value. */
type Asked = { readonly rank: number; readonly value: string };
type Ranked = Keyed<StepSeries> & {
  /** Those that the series has, by rank: thousands may be asked for, and no series has so many. */
  readonly asked: readonly Asked[];
};

function askedOf(pairs: readonly string[], ranks: ReadonlyMap<string, number>): Asked[] {
  const asked: Asked[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const rank = ranks.get(pairs[i] ?? "");
    const value = pairs[i + 1] ?? "";
    if (rank !== undefined && value !== "") asked.push({ rank, value });
  }
  return asked.toSorted((a, b) => a.rank - b.rank);
}

/** A label that one of both lacks is empty there, and so comes first. */
function compareAsked(a: readonly Asked[], b: readonly Asked[]): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [left = none, right = none] = [a[i], b[i]];
    if (left.rank !== right.rank) return left.rank < right.rank ? 1 : -1;
    if (left.value !== right.value) return compareNatural(left.value, right.value);
  }
  return 0;
}

/** Behind the last label of a series. */
const none: Asked = { rank: Infinity, value: "" };

/** NaN last, whichever way the rest goes. */
export function bySample(a: number, b: number, sign: 1 | -1): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  if (Number.isNaN(b)) return -1;
  if (a === b) return 0;
  return a < b ? -sign : sign;
}

/** A series with its names and values in turn, in the order of the names. */
type Keyed<Series> = { readonly one: Series; readonly pairs: readonly string[] };

async function withPairs<Series extends Labelled>(
  budget: Budget,
  series: readonly Series[],
): Promise<Keyed<Series>[]> {
  const keyed: Keyed<Series>[] = [];
  for (const [i, one] of series.entries()) {
    if (i % seriesAtOnce === 0) await breathe(budget);
    const { labels } = one;
    const names = Object.keys(labels).toSorted();
    keyed.push({ one, pairs: names.flatMap((name) => [name, labels[name] ?? ""]) });
  }
  return keyed;
}

function comparePairs({ pairs: a }: Keyed<unknown>, { pairs: b }: Keyed<unknown>): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [left = "", right = ""] = [a[i], b[i]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

/** Runs of digits by their number, everything else by its characters: "4m5" before "4m600" before "4m1000". */
function compareNatural(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [a, b].map((text) => text.match(/\d+|\D+/g) ?? []);
  for (const [i, part] of (left ?? []).entries()) {
    const other = right?.[i];
    if (other === undefined) return 1;
    if (part === other) continue;
    const difference = Number(part) - Number(other);
    if (!Number.isNaN(difference) && difference !== 0) return difference;
    return part < other ? -1 : 1;
  }
  return -1;
}
