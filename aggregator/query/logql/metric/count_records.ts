import { bodyLength } from "#shared/model/logs.ts";
import type { LogSlice } from "../../../read/source.ts";
import { type RecordState, setRecord } from "../../../log_pipeline/record_state.ts";
import type { Accumulator } from "./accumulate.ts";
import type { Panes } from "./panes.ts";
import type { SeriesIds } from "./series_ids.ts";

/** Severities are below it; unknown ones count as the last. */
const severitiesMax = 32;

/** Where records are counted, and their bytes if those are asked for. */
export type CountedSeries = {
  readonly panes: Panes;
  readonly ids: SeriesIds;
  readonly accumulatorOf: (id: number) => Accumulator;
  /** Whether `first` is the sum of the lines' bytes. */
  readonly withBytes: boolean;
};

/**
 * Counts records that no stage looks at and that have no metadata of their own: those of one stream and severity are all of one series.
 * `state` is used for one of each.
 */
export function countRecords(
  slice: LogSlice,
  state: RecordState,
  { panes, ids, accumulatorOf, withBytes }: CountedSeries,
): void {
  const { rows, batch, counts: stands } = slice;
  const { streamOf, severities, timestampsMs, nanos, streams } = batch;
  // Of lines that are made when they are asked for, neither is.
  const lines = withBytes ? { bodyEnds: batch.bodyEnds } : undefined;
  const known: (Accumulator | undefined)[] = Array.from({
    length: streams.length * severitiesMax,
  });
  // Most records are of the pane of the one before, told without their nanoseconds.
  let pane = -1;
  let afterMs = Infinity;
  let untilMs = -Infinity;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    const ms = timestampsMs[row] ?? 0;
    if (ms <= afterMs || ms + 1 > untilMs) {
      pane = panes.paneOf(ms, nanos[row] ?? 0);
      afterMs = panes.bounds[pane] ?? Infinity;
      untilMs = panes.bounds[pane + 1] ?? -Infinity;
      if (pane < 0) continue;
    }
    const severity = Math.min(severities[row] ?? 0, severitiesMax - 1);
    const key = (streamOf[row] ?? 0) * severitiesMax + severity;
    let series = known[key];
    if (series === undefined) {
      setRecord(state, slice, row);
      series = known[key] = accumulatorOf(ids.idOf(state));
    }
    const { counts, first } = series;
    counts[pane] = (counts[pane] ?? 0) + (stands?.[i] ?? 1);
    if (lines !== undefined) first[pane] = (first[pane] ?? 0) + bodyLength(lines, row);
  }
}
