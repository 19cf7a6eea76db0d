import { setImmediate } from "node:timers/promises";
import type { CutPart } from "./cut_metrics.ts";
import { compareTexts, type SeriesText, type SeriesTexts } from "./labels_text.ts";

type Sortable = { readonly index: number; readonly text: SeriesText };
export type SortedSeries = readonly Sortable[];

/** Between pauses, when texts are made and sorted: 4,096 series with a text known take 3 ms, others up to a millisecond each. */
const [seriesMax, textsMs] = [4_096, 8];
const seriesBetweenLooks = 32;
/** ... when parts are merged. */
const mergedBetweenPauses = 65_536;

/** In the order of a block: by name, then the text of the labels. Parts are sorted, then merged, with pauses. */
export async function sortSeries(metrics: CutPart, texts: SeriesTexts): Promise<SortedSeries> {
  let parts: SortedSeries[] = [];
  for (let from = 0; from < metrics.size;) {
    if (from > 0) await setImmediate();
    const part = textsFrom(metrics, texts, from);
    parts.push(part.toSorted(compareSeries));
    from += part.length;
  }
  while (parts.length > 1) {
    const merged: SortedSeries[] = [];
    for (let i = 0; i < parts.length; i += 2)
      merged.push(await mergeSorted(parts[i] ?? [], parts[i + 1] ?? []));
    parts = merged;
  }
  return parts[0] ?? [];
}

/** As many series from there on as go without a pause. */
function textsFrom(metrics: CutPart, texts: SeriesTexts, from: number): Sortable[] {
  const part: Sortable[] = [];
  const end = Math.min(metrics.size, from + seriesMax);
  const untilMs = performance.now() + textsMs;
  for (let index = from; index < end; index++) {
    part.push({ index, text: texts.get(metrics.labels(index)) });
    if (part.length % seriesBetweenLooks === 0 && performance.now() > untilMs) break;
  }
  return part;
}

async function mergeSorted(a: SortedSeries, b: SortedSeries): Promise<SortedSeries> {
  if (b.length === 0) return a;
  const merged: Sortable[] = [];
  let [left, right] = [0, 0];
  for (let [one, other] = [a[0], b[0]]; one !== undefined || other !== undefined;) {
    if (other === undefined || (one !== undefined && compareSeries(one, other) <= 0)) {
      if (one !== undefined) merged.push(one);
      one = a[++left];
    } else {
      merged.push(other);
      other = b[++right];
    }
    if (merged.length % mergedBetweenPauses === 0) await setImmediate();
  }
  return merged;
}

function compareSeries({ text: a }: Sortable, { text: b }: Sortable): number {
  return compareTexts(a.name, b.name) || compareTexts(a.text, b.text);
}
