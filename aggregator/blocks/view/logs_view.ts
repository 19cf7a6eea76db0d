import { type LogPart, scanParts, selectByScan } from "../../read/log_parts.ts";
import type { Labels } from "#shared/model/labels.ts";
import type {
  LogRecord,
  LogScanRequest,
  LogSelectRequest,
  SeriesRequest,
} from "../../read/source.ts";
import type { ReadTools } from "./block_files.ts";
import { guardedPart } from "../integrity/guarded_part.ts";
import { readableBlocks } from "../integrity/read_readable.ts";
import { BlockPart, compileScan } from "../logs/block_part.ts";
import type { LogFile } from "../logs/log_file.ts";
import type { Block } from "../../read/store.ts";
import type { Deleted } from "../deletion/tombstones.ts";

const nsPerMs = 1_000_000n;

/** Blocks of logs as parts of a scan, in their order, without what is deleted. Throws OperatingError("bad_request") for a bad regular expression. */
export function blockLogParts(
  tools: Pick<ReadTools, "files" | "guard" | "logs">,
  blocks: readonly Block[],
  deleted: Deleted,
  request: LogScanRequest,
): LogPart[] {
  const scan = compileScan(request);
  const { trace, missing } = request;
  const all = blocks.filter(({ signal, tenant }) => signal === "logs" && tenant === request.tenant);
  const own = tools.guard.readable(all);
  const [startMs, endMs] = [Number(request.startNs / nsPerMs), Number(request.endNs / nsPerMs)];
  const isWithin = ({ minMs, maxMs }: Block) => minMs <= endMs && maxMs >= startMs;
  if (own.length < all.length) readableBlocks(tools.guard, all.filter(isWithin), missing);
  if (trace !== undefined) {
    trace.blocksVisible = own.length;
    trace.wants(own.filter(isWithin));
  }
  return own.map((block) => {
    const open = async <Result>(use: (file: LogFile) => Promise<Result>) => {
      trace?.opens([block], ({ key, bytes }) => tools.files.isLocal(key, bytes));
      const file = await tools.guard.acquire(block);
      try {
        return await tools.logs.use(block.id, file.path, use);
      } finally {
        file.release();
      }
    };
    const part = new BlockPart(block, scan, open, deleted.logMasks(block));
    return guardedPart(tools.guard, block, part, missing);
  });
}

/** Records of the blocks in the order asked for; no more is read than the limit needs. */
export function selectBlockLogs(
  tools: Pick<ReadTools, "files" | "guard" | "logs">,
  blocks: readonly Block[],
  deleted: Deleted,
  request: LogSelectRequest,
): Promise<LogRecord[]> {
  const scan = { ...request, needs: { bodies: true, attributes: true } };
  return selectByScan(scanParts(blockLogParts(tools, blocks, deleted, scan), scan), request);
}

/** Label sets that still have a record in a span, of blocks that something is deleted from. */
export async function eachStreamLeft(
  tools: Pick<ReadTools, "files" | "guard" | "logs">,
  blocks: readonly Block[],
  deleted: Deleted,
  { tenant, startMs, endMs, signal, missing }: SeriesRequest,
  visit: (labels: Labels) => void,
): Promise<void> {
  const request = {
    tenant,
    matchers: [],
    lineFilters: [],
    startNs: BigInt(Math.trunc(startMs)) * nsPerMs,
    endNs: (BigInt(Math.trunc(endMs)) + 1n) * nsPerMs,
    direction: "forward" as const,
    needs: { bodies: false, attributes: false },
    missing,
    ...(signal && { signal }),
  };
  for (const part of blockLogParts(tools, blocks, deleted, request))
    for await (const { batch, rows } of part.slices(request)) {
      const seen = new Uint8Array(batch.streams.length);
      for (let i = 0; i < rows.length; i++) {
        const stream = batch.streamOf[rows[i] ?? 0] ?? 0;
        if (seen[stream] === 1) continue;
        seen[stream] = 1;
        visit(batch.streams[stream] ?? {});
      }
    }
}
