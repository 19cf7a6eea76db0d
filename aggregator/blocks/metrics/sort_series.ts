// Hot: guarded by `bench pace`.
import { RoundShares } from "#shared/async/turns.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import type { CutPart } from "../../read/cut_metrics.ts";
import { compareTexts, type SeriesText, seriesText } from "../series/labels_text.ts";

type Sortable = { readonly index: number; readonly text: SeriesText };
/** Some series in their order. */
export type SortedSeries = readonly Sortable[];

/** Between looks at the clock: so many series are sorted, texts are made (each takes up to a millisecond), names are looked at, and parts merged. */
const seriesMax = 4_096;
const [textsBetweenLooks, namesBetweenLooks, mergedBetweenLooks] = [32, 1_024, 512];

/**
 * The series of a cut in the order of a block: by name, then the text of the labels. They come in parts, with pauses, and no more texts are held than
 * those of some 4,096 series or of one name: texts of all series take more memory than their samples.
 */
export async function* sortedSeries(metrics: CutPart): AsyncGenerator<SortedSeries> {
  const { names, starts, order } = await byName(metrics);
  let part: Sortable[] = [];
  let made = 0;
  const shares = new RoundShares();
  for (const { name, number } of names) {
    const own: Sortable[] = [];
    for (const index of order.subarray(starts[number], starts[number + 1])) {
      own.push({ index, text: seriesText(name, metrics.labels(index)) });
      if (++made % textsBetweenLooks === 0 && shares.isOver()) await shares.next();
    }
    const sorted = await sortedInParts(own, compareSeries);
    for (let from = 0; from < sorted.length; from += seriesMax) {
      for (const one of sorted.slice(from, from + seriesMax)) part.push(one);
      if (part.length < seriesMax) continue;
      yield part;
      part = [];
    }
  }
  if (part.length > 0) yield part;
}

type Named = { readonly name: string; readonly number: number };
type ByName = {
  /** Sorted. */
  readonly names: readonly Named[];
  /** [starts[number], starts[number + 1]) of `order` are the indexes of a name's series. */
  readonly starts: Uint32Array;
  readonly order: Uint32Array;
};

async function byName(metrics: CutPart): Promise<ByName> {
  const { size } = metrics;
  const numbers = new Map<string, number>();
  const numberOf = new Uint32Array(size);
  const shares = new RoundShares();
  for (let index = 0; index < size; index++) {
    const name = (metrics.labels(index)[metricNameLabel] ?? "").toWellFormed();
    let number = numbers.get(name);
    if (number === undefined) numbers.set(name, (number = numbers.size));
    numberOf[index] = number;
    if (index % namesBetweenLooks === 0 && shares.isOver()) await shares.next();
  }
  const starts = new Uint32Array(numbers.size + 1);
  for (const number of numberOf) starts[number + 1] = (starts[number + 1] ?? 0) + 1;
  for (let number = 0; number < numbers.size; number++)
    starts[number + 1] = (starts[number + 1] ?? 0) + (starts[number] ?? 0);
  const ends = starts.slice();
  const order = new Uint32Array(size);
  for (const [index, number] of numberOf.entries()) {
    const at = ends[number] ?? 0;
    order[at] = index;
    ends[number] = at + 1;
  }
  const named = Array.from(numbers, ([name, number]): Named => ({ name, number }));
  const names = await sortedInParts(named, (a, b) => compareTexts(a.name, b.name));
  return { names, starts, order };
}

/** Parts are sorted, then merged, with pauses. */
async function sortedInParts<One>(
  all: readonly One[],
  compare: (a: One, b: One) => number,
): Promise<readonly One[]> {
  let parts: (readonly One[])[] = [];
  const shares = new RoundShares();
  for (let from = 0; from < all.length; from += seriesMax) {
    if (shares.isOver()) await shares.next();
    parts.push(all.slice(from, from + seriesMax).toSorted(compare));
  }
  while (parts.length > 1) {
    const merged: (readonly One[])[] = [];
    for (let i = 0; i < parts.length; i += 2)
      merged.push(await mergeSorted(parts[i] ?? [], parts[i + 1] ?? [], compare));
    parts = merged;
  }
  return parts[0] ?? [];
}

async function mergeSorted<One>(
  a: readonly One[],
  b: readonly One[],
  compare: (a: One, b: One) => number,
): Promise<readonly One[]> {
  if (b.length === 0) return a;
  const merged: One[] = [];
  let [left, right] = [0, 0];
  const shares = new RoundShares();
  for (let [one, other] = [a[0], b[0]]; one !== undefined || other !== undefined;) {
    if (other === undefined || (one !== undefined && compare(one, other) <= 0)) {
      if (one !== undefined) merged.push(one);
      one = a[++left];
    } else {
      merged.push(other);
      other = b[++right];
    }
    if (merged.length % mergedBetweenLooks === 0 && shares.isOver()) await shares.next();
  }
  return merged;
}

/** Of one name. */
function compareSeries({ text: a }: Sortable, { text: b }: Sortable): number {
  return compareTexts(a.text, b.text);
}
