import { scanParts, selectByScan } from "../../read/log_parts.ts";
import type { LogRecord, LogSelectRequest } from "../../read/source.ts";
import { BlockPart, compileScan } from "./block_part.ts";
import { LogsCache } from "./log_file.ts";

/** Records of one file, as a select reads them; for tests. */
export async function readLogs(
  block: {
    readonly path: string;
    readonly items: number;
    readonly minMs: number;
    readonly maxMs: number;
  },
  request: LogSelectRequest,
  cache: LogsCache = new LogsCache(2 ** 24),
): Promise<LogRecord[]> {
  const scan = { ...request, needs: { bodies: true, attributes: true } };
  const part = new BlockPart(block, compileScan(scan), (use) =>
    cache.use(block.path, block.path, use),
  );
  return selectByScan(scanParts([part], scan), request);
}
