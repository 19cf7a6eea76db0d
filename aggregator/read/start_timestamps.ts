/** From the sample at `fromMs` on, the value counts since `startMs` (Unix milliseconds; 0: not known). */
export type StartChange = { readonly fromMs: number; readonly startMs: number };

type Timed = { readonly timestampsMs: Float64Array; readonly starts?: Float64Array | undefined };

/** What the pieces of one series know of starts, told for these times; undefined where none knows any. */
export function joinedStarts(
  timestampsMs: Float64Array,
  pieces: readonly Timed[],
): Float64Array | undefined {
  if (pieces.every(({ starts }) => starts === undefined)) return undefined;
  return startsAt(timestampsMs, pieces.flatMap(changesOf));
}

/** The start that holds at each of these times, which ascend: that of the last change at or before it. */
export function startsAt(
  timestampsMs: Float64Array,
  changes: readonly StartChange[],
): Float64Array {
  const sorted = changes.toSorted((a, b) => a.fromMs - b.fromMs);
  const starts = new Float64Array(timestampsMs.length);
  let next = 0;
  let startMs = 0;
  for (let i = 0; i < starts.length; i++) {
    const timestampMs = timestampsMs[i] ?? 0;
    for (; (sorted[next]?.fromMs ?? Infinity) <= timestampMs; next++)
      startMs = sorted[next]?.startMs ?? 0;
    starts[i] = startMs;
  }
  return starts;
}

function changesOf({ timestampsMs, starts }: Timed): StartChange[] {
  const changes: StartChange[] = [];
  if (starts === undefined) {
    if (timestampsMs.length > 0) changes.push({ fromMs: timestampsMs[0] ?? 0, startMs: 0 });
    return changes;
  }
  for (let i = 0; i < starts.length; i++) {
    const startMs = starts[i] ?? 0;
    if (i === 0 || startMs !== starts[i - 1])
      changes.push({ fromMs: timestampsMs[i] ?? 0, startMs });
  }
  return changes;
}
