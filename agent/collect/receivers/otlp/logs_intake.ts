import { create } from "@bufbuild/protobuf";
import type {
  ExportLogsServiceRequest,
  ExportLogsServiceResponse,
} from "#proto/gen/foreign/otlp_logs_pb.js";
import { ExportLogsServiceResponseSchema } from "#proto/gen/foreign/otlp_logs_pb.js";
import type { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { LogBatchBuilder } from "../log_batch_builder.ts";
import type { ReceiverContext } from "../receiver.ts";
import { type IdEncoding, convertLogs } from "./logs_converter.ts";

const aheadMaxMs = 600_000;
/** As Loki's default. */
const lineBytesMax = 256 * 1024;

/**
 * Takes a decoded request for logs. Resolves when what is good of it is in the spool; the answer tells of the rest. Throws
 * OperatingError("unavailable").
 */
export async function exportLogs(
  request: ExportLogsServiceRequest,
  ids: IdEncoding,
  context: ReceiverContext,
  multiline?: MultilineConfig,
): Promise<ExportLogsServiceResponse> {
  const latestMs = context.clock.now() + aheadMaxMs;
  const builder = new LogBatchBuilder({ lineBytesMax, latestMs, multiline });
  let rejected = 0;
  let message = "";
  const drops: (() => void)[] = [];
  convertLogs(request, ids, builder, (fault) => {
    rejected++;
    if (message === "") message = fault.message;
    drops.push(() => context.drop("logs", fault.reason, 1));
  });
  if (builder.length > 0) await context.emitLogs(builder.build());
  for (const count of drops) count();
  if (rejected === 0) return create(ExportLogsServiceResponseSchema);
  return create(ExportLogsServiceResponseSchema, {
    partialSuccess: { rejectedLogRecords: BigInt(rejected), errorMessage: message },
  });
}
