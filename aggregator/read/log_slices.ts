import { pacer } from "#shared/async/pacer.ts";
import { columnBytes } from "#shared/model/line_columns.ts";
import { bodyLength, type LogsBatch } from "#shared/model/logs.ts";
import type { LogRecord, LogSlice } from "./source.ts";

/** Bytes of a record besides its body. */
const recordBytes = 30;
const attributesBytes = 150;
/** A slice of fewer of its batch's records has them copied, so that it does not keep the others. */
const sharedMin = 0.03;

/** The same records in a batch that holds few others, or none (`always`). Bodies are not copied, their lengths are: only for batches without. */
export function compactSlice({ batch, rows }: LogSlice, always = false): LogSlice {
  if (!always && rows.length >= sharedMin * batch.streamOf.length) return { batch, rows };
  const { attributes } = batch;
  const bodyEnds = new Uint32Array(rows.length);
  let end = 0;
  for (let i = 0; i < rows.length; i++) bodyEnds[i] = end += bodyLength(batch, rows[i] ?? 0);
  const compact: LogsBatch = {
    streams: batch.streams,
    streamOf: pick(batch.streamOf, rows, new Uint32Array(rows.length)),
    timestampsMs: pick(batch.timestampsMs, rows, new Float64Array(rows.length)),
    nanos: pick(batch.nanos, rows, new Uint32Array(rows.length)),
    severities: pick(batch.severities, rows, new Uint8Array(rows.length)),
    bodies: batch.bodies,
    bodyEnds,
    ...(attributes && { attributes: Array.from(rows, (row) => attributes[row]) }),
  };
  return { batch: compact, rows: allRows(rows.length) };
}

/** Most row groups are of one size, and often all rows are wanted. */
let identity = new Uint32Array();
/** The rows of a batch that are all wanted; shared, so not to be written. */
export function allRows(count: number): Uint32Array {
  if (identity.length < count) identity = new Uint32Array(count).map((_, row) => row);
  return identity.subarray(0, count);
}

function pick<Column extends Float64Array | Uint32Array | Uint8Array>(
  from: Column,
  rows: Uint32Array,
  into: Column,
): Column {
  for (let i = 0; i < rows.length; i++) into[i] = from[rows[i] ?? 0] ?? 0;
  return into;
}

/** An estimate of the memory that a slice keeps. */
export function sliceBytes({ batch, rows }: LogSlice): number {
  const own = batch.attributes === undefined ? 0 : attributesBytes * rows.length;
  const texts = batch.columns === undefined ? batch.bodies.length : columnBytes(batch.columns);
  return texts + recordBytes * batch.streamOf.length + own + 4 * rows.length;
}

/** Records between two looks at the clock. */
const recordsAtOnce = 128;

/**
 * The records of a span in the order asked for: slices stand in the order of arrival, and backward is exactly the reverse. Made with
 * pauses; the slices must stay as they are.
 */
export async function recordsOf(
  slices: readonly LogSlice[],
  direction: "backward" | "forward",
  limit: number,
): Promise<LogRecord[]> {
  const pause = pacer();
  const order = orderOf(slices);
  await pause();
  const count = Math.min(limit, order.slice.length);
  const places = direction === "forward" ? order.places : order.places.toReversed();
  const records: LogRecord[] = [];
  for (let i = 0; i < count; i++) {
    if (i % recordsAtOnce === 0) await pause();
    const place = places[i] ?? 0;
    const slice = slices[order.slice[place] ?? 0];
    if (slice !== undefined) records.push(recordOf(slice.batch, order.row[place] ?? 0));
  }
  return records;
}

/** Of all records: their slice, their row there, and their places in the order of time, in which those of equal times stay as they are. */
function orderOf(slices: readonly LogSlice[]) {
  const length = slices.reduce((sum, { rows }) => sum + rows.length, 0);
  const [slice, row] = [new Uint32Array(length), new Uint32Array(length)];
  const [ms, nanos] = [new Float64Array(length), new Uint32Array(length)];
  const places = new Uint32Array(length);
  let at = 0;
  let isAscending = true;
  for (const [number, { rows, batch }] of slices.entries())
    for (let i = 0; i < rows.length; i++, at++) {
      const own = rows[i] ?? 0;
      places[at] = at;
      slice[at] = number;
      row[at] = own;
      ms[at] = batch.timestampsMs[own] ?? 0;
      nanos[at] = batch.nanos[own] ?? 0;
      isAscending &&= at === 0 || compare(at - 1, at) <= 0;
    }
  function compare(a: number, b: number): number {
    return (ms[a] ?? 0) - (ms[b] ?? 0) || (nanos[a] ?? 0) - (nanos[b] ?? 0);
  }
  if (!isAscending) places.sort((a, b) => compare(a, b) || a - b);
  return { slice, row, places };
}

function recordOf(batch: LogsBatch, row: number): LogRecord {
  const start = row === 0 ? 0 : (batch.bodyEnds[row - 1] ?? 0);
  const end = batch.bodyEnds[row] ?? start;
  const { buffer, byteOffset } = batch.bodies;
  const attributes = batch.attributes?.[row];
  return {
    timestampNs: BigInt(batch.timestampsMs[row] ?? 0) * 1_000_000n + BigInt(batch.nanos[row] ?? 0),
    stream: batch.streams[batch.streamOf[row] ?? 0] ?? {},
    body: Buffer.from(buffer, byteOffset + start, end - start).toString("utf8"),
    severity: batch.severities[row] ?? 0,
    ...(attributes === undefined ? {} : { attributes }),
  };
}
