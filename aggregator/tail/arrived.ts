import type { LogEntry } from "../query/logql/evaluate.ts";

/** Entries that arrived together; the same object for all who follow the query, so that what is made of it can be shared. */
export type Arrived = { readonly entries: readonly LogEntry[] };

/** Of one frame: a reader that does not read holds up to one of them beyond its share. */
const chunkEntriesMax = 1_000;
const chunkBytesMax = 256 * 1_024;
/** A label counts as so many bytes: a line may be parsed into hundreds. */
const labelBytes = 64;

/** Entries in pieces that one frame can hold. */
export function chunksOf(entries: readonly LogEntry[]): Arrived[] {
  const chunks: Arrived[] = [];
  let [from, bytes] = [0, 0];
  for (const [i, { body, parsed }] of entries.entries()) {
    const size = body.length + labelBytes * Object.keys(parsed).length;
    if (i > from && (i - from >= chunkEntriesMax || bytes + size > chunkBytesMax)) {
      chunks.push({ entries: entries.slice(from, i) });
      [from, bytes] = [i, 0];
    }
    bytes += size;
  }
  if (from < entries.length) chunks.push({ entries: entries.slice(from) });
  return chunks;
}
