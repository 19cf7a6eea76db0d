import { fileLogs } from "./file_logs/source.ts";
import { hostMetrics } from "./host_metrics/source.ts";
import { selfLogs } from "./self_logs.ts";

/** Every source that `sources` of the configuration can name; sorted. A new one is a file and a line here. */
export const sources = {
  file_logs: fileLogs,
  host_metrics: hostMetrics,
  self_logs: selfLogs,
} as const;
