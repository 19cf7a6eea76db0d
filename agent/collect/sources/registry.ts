import type { Binder } from "./binder.ts";
import { binder } from "./binder.ts";
import { command } from "./command/source.ts";
import { containerLogs } from "./container_logs/source.ts";
import { fileLogs } from "./file_logs/source.ts";
import { hostMetrics } from "./host_metrics/source.ts";
import { journald } from "./journald/source.ts";
import { selfLogs } from "./self_logs.ts";

/** Every source that `sources` of the configuration can name; sorted. A new one is a file and a line here. */
export const sources: Readonly<Record<string, Binder>> = {
  command: binder(command),
  container_logs: binder(containerLogs),
  file_logs: binder(fileLogs),
  host_metrics: binder(hostMetrics),
  journald: binder(journald),
  self_logs: binder(selfLogs),
};
