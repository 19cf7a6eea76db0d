import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";

/** What is made of one part, from the pipeline to the aggregator's tails, happens in one turn of the event loop: some 20 ms. */
export type PartLimits = {
  readonly recordsMax: number;
  readonly streamsMax: number;
  readonly bytesMax: number;
};
const partLimits: PartLimits = { recordsMax: 8_192, streamsMax: 2_048, bytesMax: 4 * 1024 ** 2 };

/** The records of a batch in batches of a bounded size; a small batch is its only part. */
export function* logParts(batch: LogsBatch, limits = partLimits): Generator<LogsBatch> {
  const { length } = batch.bodyEnds;
  const isSmall =
    length <= limits.recordsMax &&
    batch.streams.length <= limits.streamsMax &&
    batch.bodies.length <= limits.bytesMax;
  if (isSmall) return yield batch;
  for (let from = 0; from < length;) {
    const to = endOfPart(batch, from, limits);
    yield partOf(batch, from, to);
    from = to;
  }
}

/** At least one record. */
function endOfPart(
  { bodyEnds, streams, streamOf }: LogsBatch,
  from: number,
  { recordsMax, streamsMax, bytesMax }: PartLimits,
): number {
  const startByte = from === 0 ? 0 : (bodyEnds[from - 1] ?? 0);
  const last = Math.min(bodyEnds.length, from + recordsMax);
  let to = from + 1;
  while (to < last && (bodyEnds[to] ?? 0) - startByte <= bytesMax) to++;
  return streams.length <= streamsMax ? to : endOfStreams(streamOf, from, to, streamsMax);
}

/** Where in [from, to) one stream more than `streamsMax` comes, or `to`. */
function endOfStreams(streamOf: Uint32Array, from: number, to: number, streamsMax: number): number {
  const own = new Set<number>();
  for (let row = from; row < to; row++) {
    own.add(streamOf[row] ?? 0);
    if (own.size > streamsMax) return row;
  }
  return to;
}

function partOf(batch: LogsBatch, from: number, to: number): LogsBatch {
  const startByte = from === 0 ? 0 : (batch.bodyEnds[from - 1] ?? 0);
  const endByte = batch.bodyEnds[to - 1] ?? 0;
  const part = {
    ...streamsOfPart(batch, from, to),
    timestampsMs: batch.timestampsMs.subarray(from, to),
    nanos: batch.nanos.subarray(from, to),
    severities: batch.severities.subarray(from, to),
    bodies: batch.bodies.subarray(startByte, endByte),
    bodyEnds: batch.bodyEnds.slice(from, to).map((end) => end - startByte),
  };
  const attributes = batch.attributes?.slice(from, to);
  return attributes?.some((own) => own !== undefined) === true ? { ...part, attributes } : part;
}

/** The streams that the part has, numbered anew. */
function streamsOfPart(
  { streams, streamOf }: LogsBatch,
  from: number,
  to: number,
): Pick<LogsBatch, "streams" | "streamOf"> {
  const numbers = new Map<number, number>();
  const own: Labels[] = [];
  const ownOf = streamOf.slice(from, to);
  for (let row = 0; row < ownOf.length; row++) {
    const stream = ownOf[row] ?? 0;
    let number = numbers.get(stream);
    if (number === undefined) {
      number = own.push(streams[stream] ?? {}) - 1;
      numbers.set(stream, number);
    }
    ownOf[row] = number;
  }
  return { streams: own, streamOf: ownOf };
}
