import { pacer } from "#shared/async/pacer.ts";
import { sortInTurns } from "#shared/async/sort_in_turns.ts";
import { compareTexts } from "../../series/labels_text.ts";
import type { LogSource, Stretch } from "./logs_source.ts";

/** So many of a stretch's next records. */
export type Run = { readonly stretch: Stretch; readonly count: number };

/** Records in the order of a block: by stream, then time; records of equal time as they came. */
export type LogRows = { readonly rows: number; readonly runs: readonly Run[] };

/** Streams, and records of one, that are grouped and sorted at once: some milliseconds. More have pauses in between. */
const streamsAtOnce = 4_096;
const recordsAtOnce = 8_192;

/** Records of several sources in the order of a block, at most `rowsMax` at a time. */
export async function* orderedRows(
  sources: readonly LogSource[],
  rowsMax: number,
): AsyncGenerator<LogRows> {
  const pause = pacer();
  const byStream = new Map<string, Stretch[]>();
  let grouped = 0;
  for (const { stretches } of sources)
    for (const stretch of stretches) {
      const own = byStream.get(stretch.stream);
      if (own === undefined) byStream.set(stretch.stream, [stretch]);
      else own.push(stretch);
      if (++grouped % streamsAtOnce === 0) await pause();
    }
  const streams = [...byStream.keys()];
  const sorted =
    streams.length <= streamsAtOnce
      ? streams.toSorted()
      : await sortInTurns(streams, compareTexts, pause);
  let [rows, runs]: [number, Run[]] = [0, []];
  for (const [i, stream] of sorted.entries()) {
    if (i % streamsAtOnce === streamsAtOnce - 1) await pause();
    for (const run of await inOrderOfTime(byStream.get(stream) ?? [], pause)) {
      const { stretch } = run;
      for (let left = run.count; left > 0;) {
        const count = Math.min(left, rowsMax - rows);
        runs.push({ stretch, count });
        left -= count;
        rows += count;
        if (rows < rowsMax) continue;
        yield { rows, runs };
        [rows, runs] = [0, []];
      }
    }
  }
  if (rows > 0) yield { rows, runs };
}

/** Sources bring the lines of a stream in order nearly always: one look tells. */
function inOrderOfTime(
  stretches: readonly Stretch[],
  pause: () => Promise<void> | undefined,
): Iterable<Run> | Promise<Iterable<Run>> {
  const isSorted = stretches.every((stretch, i) => {
    const before = stretches[i - 1];
    return before === undefined || compareTimes(before, before.end - 1, stretch, stretch.at) <= 0;
  });
  if (isSorted) return stretches.map((stretch) => ({ stretch, count: stretch.end - stretch.at }));
  return merged(stretches, pause);
}

/** Stretches whose times overlap, record by record. */
async function merged(
  stretches: readonly Stretch[],
  pause: () => Promise<void> | undefined,
): Promise<Run[]> {
  const total = stretches.reduce((sum, { at, end }) => sum + end - at, 0);
  const stretchOf = new Uint32Array(total);
  const rowOf = new Uint32Array(total);
  let next = 0;
  for (const [s, { at, end }] of stretches.entries())
    for (let row = at; row < end; row++, next++) {
      stretchOf[next] = s;
      rowOf[next] = row;
    }
  const compare = (a: number, b: number): number => {
    const [first, second] = [stretches[stretchOf[a] ?? 0], stretches[stretchOf[b] ?? 0]];
    if (first === undefined || second === undefined) return a - b;
    return compareTimes(first, rowOf[a] ?? 0, second, rowOf[b] ?? 0) || a - b;
  };
  const unordered = Array.from({ length: total }, (_, i) => i);
  const order =
    total <= recordsAtOnce
      ? unordered.toSorted(compare)
      : await sortInTurns(unordered, compare, pause);
  const runs: Run[] = [];
  for (let from = 0; from < total;) {
    const own = stretchOf[order[from] ?? 0];
    let to = from + 1;
    while (to < total && stretchOf[order[to] ?? 0] === own) to++;
    const stretch = stretches[own ?? 0];
    if (stretch !== undefined) runs.push({ stretch, count: to - from });
    from = to;
  }
  return runs;
}

/** Whether a record comes before another one by time (below 0), after it, or at the same one (0). */
export function compareTimes(a: Stretch, rowA: number, b: Stretch, rowB: number): number {
  const [first, second] = [a.source.batch, b.source.batch];
  return (
    (first.timestampsMs[rowA] ?? 0) - (second.timestampsMs[rowB] ?? 0) ||
    (first.nanos[rowA] ?? 0) - (second.nanos[rowB] ?? 0)
  );
}
