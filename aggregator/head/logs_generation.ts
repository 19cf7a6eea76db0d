import { addDrops, type Drops } from "#shared/model/account.ts";
import { columnBytes } from "#shared/model/line_columns.ts";
import type { LogsBatch } from "#shared/model/logs.ts";

/** A batch with the times of its first and last record. */
export type HeadBatch = {
  readonly batch: LogsBatch;
  readonly minMs: number;
  readonly maxMs: number;
};

export type AppendedLogs = { readonly batch: LogsBatch; readonly drops: Drops };

/**
 * What a record takes is counted so many times: the frame that it came in, and its pages when it is written, are about as large again, and lie there until the
 * next collection.
 */
const timesCounted = 2;
const labelSetBytes = 300;
const attributesBytes = 150;

/** The log records of one generation of the head, by tenant, in order of arrival. */
export class LogsGeneration {
  records = 0;
  bytes = 0;
  readonly #tenants = new Map<string, HeadBatch[]>();

  batches(tenant: string): readonly HeadBatch[] {
    return this.#tenants.get(tenant) ?? [];
  }

  /** Keeps the batch by reference; without the records that are out of bounds where there are any. Gives what it kept. */
  append(tenant: string, given: LogsBatch, latestMs: number): AppendedLogs {
    const count = given.streamOf.length;
    const batch = areAllKept(given, latestMs) ? given : pick(given, keptRecords(given, latestMs));
    const kept = batch.streamOf.length;
    if (kept > 0) {
      const known = this.#tenants.get(tenant);
      const entry = { batch, ...rangeOf(batch.timestampsMs) };
      if (known === undefined) this.#tenants.set(tenant, [entry]);
      else known.push(entry);
      this.records += kept;
      this.bytes += bytesOf(batch);
    }
    return { batch, drops: addDrops({}, { out_of_bounds_timestamp: count - kept }) };
  }

  content(): ReadonlyMap<string, readonly LogsBatch[]> {
    return new Map(
      Array.from(this.#tenants, ([tenant, entries]) => [tenant, entries.map(({ batch }) => batch)]),
    );
  }
}

function keptRecords({ timestampsMs }: LogsBatch, latestMs: number): number[] {
  const kept: number[] = [];
  for (let i = 0; i < timestampsMs.length; i++)
    if (isKept(timestampsMs[i] ?? 0, latestMs)) kept.push(i);
  return kept;
}

function isKept(timestampMs: number, latestMs: number): boolean {
  return timestampMs <= latestMs && Number.isSafeInteger(timestampMs);
}

/** Nearly always all are. */
function areAllKept({ timestampsMs }: LogsBatch, latestMs: number): boolean {
  for (let i = 0; i < timestampsMs.length; i++)
    if (!isKept(timestampsMs[i] ?? 0, latestMs)) return false;
  return true;
}

function pick(batch: LogsBatch, kept: readonly number[]): LogsBatch {
  const { bodies: all, bodyEnds } = batch;
  const bodies = kept.map((i) => all.subarray(i === 0 ? 0 : bodyEnds[i - 1], bodyEnds[i]));
  let end = 0;
  const picked = {
    streams: batch.streams,
    streamOf: Uint32Array.from(kept, (i) => batch.streamOf[i] ?? 0),
    timestampsMs: Float64Array.from(kept, (i) => batch.timestampsMs[i] ?? 0),
    nanos: Uint32Array.from(kept, (i) => batch.nanos[i] ?? 0),
    severities: Uint8Array.from(kept, (i) => batch.severities[i] ?? 0),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
  };
  const { attributes } = batch;
  if (attributes === undefined) return picked;
  return { ...picked, attributes: kept.map((i) => attributes[i]) };
}

function rangeOf(timestampsMs: Float64Array): { minMs: number; maxMs: number } {
  let minMs = Number.POSITIVE_INFINITY;
  let maxMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < timestampsMs.length; i++) {
    const timestampMs = timestampsMs[i] ?? 0;
    if (timestampMs < minMs) minMs = timestampMs;
    if (timestampMs > maxMs) maxMs = timestampMs;
  }
  return { minMs, maxMs };
}

/** Lines are not made for this. */
function textBytes(batch: LogsBatch): number {
  return batch.columns === undefined ? batch.bodies.length : columnBytes(batch.columns);
}

function bytesOf(batch: LogsBatch): number {
  const { streams, streamOf, attributes } = batch;
  const columns = 4 + 8 + 4 + 1 + 4;
  const own = attributes === undefined ? 0 : attributesBytes * attributes.length;
  const recordBytes = textBytes(batch) + streamOf.length * columns + own;
  return timesCounted * recordBytes + streams.length * labelSetBytes;
}
