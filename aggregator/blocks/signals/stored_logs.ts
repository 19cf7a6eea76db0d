import { OperatingError } from "#shared/errors.ts";
import { signalDescriptors } from "#shared/signals.ts";
import { logDeletionOf } from "../../log_pipeline/log_deletion.ts";
import { mergeLogs } from "../compaction/merge_logs.ts";
import { batchesByTime } from "../cut_logs.ts";
import { readSlices } from "../logs/read_slices.ts";
import { writeLogsFile } from "../logs/write/logs_file.ts";
import { olderThan } from "../retention/expiry.ts";
import { logRetention } from "../retention/log_retention.ts";
import { replaceLogs } from "../retention/maintain_logs.ts";
import type { StoredSignal, WritePart } from "./stored_signal.ts";

export const storedLogs: StoredSignal = {
  descriptor: signalDescriptors.logs,
  *parts({ logs }) {
    for (const [tenant, { batches }] of logs) {
      const filled = batches.filter(({ streamOf }) => streamOf.length > 0);
      if (filled.length === 0) continue;
      const parts = batchesByTime(filled).map(
        (part): WritePart =>
          ({ staging }, note) =>
            writeLogsFile(staging, part, note),
      );
      yield [tenant, parts];
    }
  },
  contentSql: (from) => `SELECT count(*)::DOUBLE, count(*)::DOUBLE, min(ts // 1000000)::DOUBLE,
      max(ts // 1000000)::DOUBLE, 0::DOUBLE, max(length(stream) + length(body)),
      max(octet_length(body_raw)), max(length(attributes)) FROM ${from}`,
  replace: (deps, removed, _how, signal) => replaceLogs(deps, removed, signal),
  async copyWithout({ staging }, { block, path, deleted }, signal) {
    const slices = readSlices(path, deleted.logMasks(block));
    const never = new AbortController().signal;
    return (await mergeLogs(staging, [slices], undefined, signal ?? never)).path;
  },
  deletionOf([query, ...more]) {
    if (query === undefined || more.length > 0)
      throw new OperatingError(
        "bad_request",
        `${more.length + (query === undefined ? 0 : 1)} queries: expected one log query`,
      );
    return logDeletionOf(query);
  },
  // Streams that are kept for less are taken out of blocks before (StreamRetention).
  expired: (blocks, { config, nowMs }) =>
    olderThan(blocks, nowMs, (tenant) => logRetention(config, tenant).periodsMs.at(-1) ?? Infinity),
  keptMs: ({ retention }, { tenant }) => retention.tenants[tenant]?.logs ?? retention.logs,
};
