import type { Labels } from "#shared/model/labels.ts";
import type { SpanNs } from "../../read/log_parts.ts";
import { allRows } from "../../read/log_slices.ts";
import { noEntry } from "../parquet/flat_columns.ts";
import type { LogGroup, Times } from "./log_group.ts";
import { firstFrom } from "./texts/find_texts.ts";

const nanosPerMs = 1_000_000n;

/** An entry a row; undefined where none is of a wanted stream. */
export function ofStreams(
  group: LogGroup,
  matches: (labels: Labels) => boolean,
): Uint8Array | undefined {
  const { streams } = group;
  const isWanted = Uint8Array.from(streams.values, (labels) => Number(matches(labels)));
  if (!isWanted.includes(1)) return undefined;
  const passing = new Uint8Array(group.rows);
  if (!isWanted.includes(0)) return passing.fill(1);
  const { numbers } = streams;
  for (let row = 0; row < passing.length; row++) passing[row] = isWanted[numbers[row] ?? 0] ?? 0;
  return passing;
}

/** The rows of wanted streams, ascending. */
export function rowsOfStreams(group: LogGroup, matches: (labels: Labels) => boolean): Uint32Array {
  const { values, numbers } = group.streams;
  const isWanted = values.map(matches);
  const every = allRows(group.rows);
  if (!isWanted.includes(false)) return every;
  const runs: Uint32Array[] = [];
  let from = 0;
  for (const end of group.runEnds) {
    if (isWanted[numbers[from] ?? noEntry] === true) runs.push(every.subarray(from, end));
    from = end;
  }
  return joined(runs);
}

function joined(pieces: readonly Uint32Array[]): Uint32Array {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const all = new Uint32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let to = 0;
  for (const piece of pieces) {
    all.set(piece, to);
    to += piece.length;
  }
  return all;
}

/** Those of the rows, which ascend, whose time is in the span: a stretch of each stream. */
export function rowsWithin(
  group: LogGroup,
  rows: Uint32Array,
  { startNs, endNs }: SpanNs,
): Uint32Array {
  const pieces: Uint32Array[] = [];
  let [from, at] = [0, 0];
  for (const end of group.runEnds) {
    const first = firstAt(group.times, startNs, from, end);
    const last = firstAt(group.times, endNs, first, end);
    from = end;
    if (last === first || at >= rows.length) continue;
    at = firstFrom(rows, first, at);
    const until = firstFrom(rows, last, at);
    if (until > at) pieces.push(rows.subarray(at, until));
    at = until;
  }
  return joined(pieces);
}

/** The first row of [from, end), whose times ascend, that is not before a time. */
function firstAt({ ms, nanos }: Times, timeNs: bigint, from: number, end: number): number {
  // Rounds down, also before 1970.
  const wantedNanos = Number(((timeNs % nanosPerMs) + nanosPerMs) % nanosPerMs);
  const wantedMs = Number((timeNs - BigInt(wantedNanos)) / nanosPerMs);
  let [low, high] = [from, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = ms[middle] ?? 0;
    if (at < wantedMs || (at === wantedMs && (nanos[middle] ?? 0) < wantedNanos)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** All columns of a batch but the bodies. */
export function sliceColumns(group: LogGroup, withAttributes: boolean) {
  const { times, streams, severities } = group;
  const columns = {
    streams: [...streams.values],
    streamOf: streams.numbers,
    timestampsMs: times.ms,
    nanos: times.nanos,
    severities,
  };
  const { values, numbers } = group.attributes;
  if (!withAttributes || values.length === 0) return columns;
  const attributes = Array.from(numbers, (number) =>
    number === noEntry ? undefined : values[number],
  );
  return { ...columns, attributes };
}
