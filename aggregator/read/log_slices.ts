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

/** The records of a span in the order asked for: slices stand in the order of arrival, and backward is exactly the reverse. */
export function recordsOf(
  slices: readonly LogSlice[],
  direction: "backward" | "forward",
  limit: number,
): LogRecord[] {
  const order: { slice: LogSlice; row: number; ms: number; nanos: number }[] = [];
  for (const slice of slices) {
    const { rows } = slice;
    const { timestampsMs, nanos } = slice.batch;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      order.push({ slice, row, ms: timestampsMs[row] ?? 0, nanos: nanos[row] ?? 0 });
    }
  }
  order.sort((a, b) => a.ms - b.ms || a.nanos - b.nanos);
  const wanted = direction === "forward" ? order.slice(0, limit) : order.slice(-limit).toReversed();
  return wanted.map(({ slice: { batch }, row }) => recordOf(batch, row));
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
