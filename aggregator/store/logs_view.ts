import { type LogPart, scanParts, selectByScan } from "../query/log_parts.ts";
import type { LogRecord, LogScanRequest, LogSelectRequest } from "../query/source.ts";
import type { ReadTools } from "./block_files.ts";
import { acquireFiles } from "./local_files.ts";
import { BlockPart, compileScan } from "./logs/block_part.ts";
import type { LogFile } from "./logs/log_file.ts";
import type { Block } from "./store.ts";

/** Blocks of logs as parts of a scan, in their order. Throws OperatingError("bad_request") for a bad regular expression. */
export function blockLogParts(
  tools: Pick<ReadTools, "files" | "logs">,
  blocks: readonly Block[],
  request: LogScanRequest,
): LogPart[] {
  const scan = compileScan(request);
  return blocks
    .filter(({ signal, tenant }) => signal === "logs" && tenant === request.tenant)
    .map((block) => {
      const open = async <Result>(use: (file: LogFile) => Promise<Result>) => {
        const files = await acquireFiles(tools.files, [block], request.signal);
        try {
          return await use(await tools.logs.open(block.id, files.paths[0] ?? ""));
        } finally {
          files.release();
        }
      };
      return new BlockPart(block, scan, open);
    });
}

/** Records of the blocks in the order asked for; no more is read than the limit needs. */
export function selectBlockLogs(
  tools: Pick<ReadTools, "files" | "logs">,
  blocks: readonly Block[],
  request: LogSelectRequest,
): Promise<LogRecord[]> {
  const scan = { ...request, needs: { bodies: true, attributes: true } };
  return selectByScan(scanParts(blockLogParts(tools, blocks, scan), scan), request);
}
