import type { DropReason } from "./account.ts";
import { type Labels, labelsKey } from "./labels.ts";

/** One exemplar of a series. */
export type Exemplar = {
  readonly labels: Labels;
  readonly value: number;
  /** Unix milliseconds. */
  readonly timestampMs: number;
};

/** Exemplars of one series, ascending by compareExemplars(), each once. */
export type SeriesExemplars = {
  readonly labels: Labels;
  /** labelsKey() of the labels. */
  readonly key: string;
  readonly exemplars: readonly Exemplar[];
};

/** Names and values of an exemplar's labels together, in characters: OpenMetrics 1.0, section "Exemplars". */
export const exemplarLabelCharsMax = 128;

/** Why an exemplar can't be stored whatever came before it; undefined where it can. */
export function exemplarFault({ labels, value, timestampMs }: Exemplar): DropReason | undefined {
  if (!Number.isSafeInteger(timestampMs) || Number.isNaN(value)) return "invalid_exemplar";
  let chars = 0;
  for (const [name, text] of Object.entries(labels)) {
    if (name === "") return "invalid_exemplar";
    chars += charactersOf(name) + charactersOf(text);
  }
  return chars > exemplarLabelCharsMax ? "exemplar_label_limit" : undefined;
}

/** Unicode code points, as Prometheus counts them. */
export function charactersOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** By time, then value, then labels: as Prometheus's exemplar.Compare() orders them. */
export function compareExemplars(a: Exemplar, b: Exemplar): number {
  if (a.timestampMs !== b.timestampMs) return a.timestampMs - b.timestampMs;
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  const [left, right] = [labelsKey(a.labels), labelsKey(b.labels)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Sorted, each once; `duplicate` is told the place in `exemplars` of each that is left out. */
export function uniqueExemplars(
  exemplars: readonly Exemplar[],
  duplicate: (place: number) => void = noted,
): Exemplar[] {
  const order = exemplars.map((one, place) => ({ one, place }));
  order.sort((a, b) => compareExemplars(a.one, b.one) || a.place - b.place);
  const unique: Exemplar[] = [];
  for (const { one, place } of order) {
    const before = unique.at(-1);
    if (before !== undefined && compareExemplars(before, one) === 0) duplicate(place);
    else unique.push(one);
  }
  return unique;
}

const noted = () => {};
