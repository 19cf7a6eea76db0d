import { setImmediate } from "node:timers/promises";
import type { ChunkSource } from "./chunk_source.ts";
import type { CutMetrics } from "./cut_metrics.ts";
import { compareTexts, type SeriesText, type SeriesTexts } from "./labels_text.ts";
import { MetricsRows, numberColumns, rowEnd, type Written } from "./metrics_rows.ts";

/** Nothing else waits for longer than reading so many takes, some 10 ms. */
const samplesBetweenPauses = 1_000_000;

type Sortable = { readonly index: number; readonly text: SeriesText };
export type SortedSeries = readonly Sortable[];

/** Nothing else waits for longer than making the texts of so many series and sorting them takes, some 10 ms where no text is known yet. */
const seriesBetweenPauses = 4_096;
/** ... or than merging so many. */
const mergedBetweenPauses = 65_536;

/** In the order of a block: by name, then the text of the labels. Parts are sorted, then merged, with pauses. */
export async function sortSeries(metrics: CutMetrics, texts: SeriesTexts): Promise<SortedSeries> {
  let parts: SortedSeries[] = [];
  for (let from = 0; from < metrics.size; from += seriesBetweenPauses) {
    if (from > 0) await setImmediate();
    const size = Math.min(seriesBetweenPauses, metrics.size - from);
    const part = Array.from({ length: size }, (_, i): Sortable => {
      return { index: from + i, text: texts.get(metrics.labels(from + i)) };
    });
    parts.push(part.toSorted(compareSeries));
  }
  while (parts.length > 1) {
    const merged: SortedSeries[] = [];
    for (let i = 0; i < parts.length; i += 2)
      merged.push(await mergeSorted(parts[i] ?? [], parts[i + 1] ?? []));
    parts = merged;
  }
  return parts[0] ?? [];
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

/**
 * What a block of plain numbers will hold, as its file must say at its start; undefined when a series has histograms or start
 * timestamps.
 */
export async function measureCut(
  metrics: CutMetrics,
): Promise<(Written & { readonly rows: number }) | undefined> {
  let [items, rows, minMs, maxMs] = [0, 0, Infinity, -Infinity];
  let pauseAt = samplesBetweenPauses;
  for (let index = 0; index < metrics.size; index++) {
    const run = metrics.read(index);
    if (run.histograms !== undefined || run.starts !== undefined) return undefined;
    if (run.count === 0) continue;
    items += run.count;
    minMs = Math.min(minMs, run.timestampsMs[0] ?? 0);
    maxMs = Math.max(maxMs, run.timestampsMs[run.count - 1] ?? 0);
    for (let at = 0; at < run.count; at = rowEnd(run, at)) rows++;
    if (items < pauseAt) continue;
    pauseAt = items + samplesBetweenPauses;
    await setImmediate();
  }
  return { items, rows, minMs, maxMs };
}

/** The rows of a cut of numbers, read out of the head as DuckDB asks for them; `written` says what of it has been. */
export function cutSource(
  metrics: CutMetrics,
  sorted: SortedSeries,
): ChunkSource & { written(): Written & { readonly rows: number } } {
  const rows = new MetricsRows();
  const filled = fillUp(rows, metrics, sorted);
  return {
    columns: numberColumns,
    written: () => rows.written(),
    fill: (chunk) => {
      filled.next();
      chunk.rowCount = rows.waiting;
      if (rows.waiting > 0) rows.fill(chunk, "numbers");
    },
  };
}

/** Stops whenever a chunk is full, and at the end. */
function* fillUp(rows: MetricsRows, metrics: CutMetrics, sorted: SortedSeries): Generator<void> {
  for (const { index, text } of sorted) {
    const run = metrics.read(index);
    let at = rows.add(text, run, 0);
    for (; at < run.count; at = rows.add(text, run, at)) yield;
  }
}
