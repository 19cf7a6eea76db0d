import { setImmediate } from "node:timers/promises";
import type { ChunkSource } from "./chunk_source.ts";
import type { CutMetrics } from "./cut_metrics.ts";
import { compareTexts, type SeriesText, type SeriesTexts } from "./labels_text.ts";
import { MetricsRows, numberColumns, rowEnd, type Written } from "./metrics_rows.ts";

/** Nothing else waits for longer than reading so many takes, some 10 ms. */
const samplesBetweenPauses = 1_000_000;

export type SortedSeries = readonly { readonly index: number; readonly text: SeriesText }[];

/** In the order of a block: by name, then the text of the labels. */
export function sortSeries(metrics: CutMetrics, texts: SeriesTexts): SortedSeries {
  return Array.from({ length: metrics.size }, (_, index) => index)
    .map((index) => ({ index, text: texts.get(metrics.labels(index)) }))
    .toSorted(
      ({ text: a }, { text: b }) => compareTexts(a.name, b.name) || compareTexts(a.text, b.text),
    );
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
