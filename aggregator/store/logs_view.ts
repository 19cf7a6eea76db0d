import type { LogRecord, LogSelectRequest } from "../query/source.ts";
import { acquireFiles } from "./local_files.ts";
import type { DiskCache } from "./disk_cache.ts";
import { mergeRecords, readLogs } from "./logs_reader.ts";
import type { Block } from "./store.ts";

/** Blocks that are made local together; a limit is often reached in the first. */
const blocksAtOnce = 16;
const nsPerMs = 1_000_000n;

/** Records of the blocks in the order asked for; the nearest blocks first, and no more than the limit needs. */
export async function selectBlockLogs(
  cache: DiskCache,
  blocks: readonly Block[],
  request: LogSelectRequest,
): Promise<LogRecord[]> {
  const isBackward = request.direction === "backward";
  const startMs = Number(request.startNs / nsPerMs);
  const endMs = Number((request.endNs - 1n) / nsPerMs);
  const wanted = blocks
    .filter(
      ({ signal, tenant, minMs, maxMs }) =>
        signal === "logs" && tenant === request.tenant && maxMs >= startMs && minMs <= endMs,
    )
    .toSorted((a, b) => (isBackward ? b.maxMs - a.maxMs : a.minMs - b.minMs));
  let records: LogRecord[] = [];
  for (let i = 0; i < wanted.length; i += blocksAtOnce) {
    if (records.length >= request.limit && isBeyond(records, wanted[i], isBackward)) break;
    // Blocks are read in the order of commit: records of equal time stand in the same order however they are asked for.
    const some = new Set(wanted.slice(i, i + blocksAtOnce));
    const next = blocks.filter((block) => some.has(block));
    const files = await acquireFiles(cache, next, request.signal);
    try {
      records = mergeRecords(records, await readLogs(files.paths, request), request);
    } finally {
      files.release();
    }
  }
  return records;
}

/** Whether nothing of this block, nor of any after it, can be among the records that are kept. */
function isBeyond(records: readonly LogRecord[], block: Block | undefined, isBackward: boolean) {
  const lastMs = Number((records.at(-1)?.timestampNs ?? 0n) / nsPerMs);
  if (block === undefined) return true;
  return isBackward ? block.maxMs < lastMs : block.minMs > lastMs;
}
