import type { MissingBlocks } from "./missing_blocks.ts";
import type { LogsSource } from "./source.ts";

/** A source of logs for one request: `missing` collects all blocks that its reads leave out. */
export function reportingLogs(source: LogsSource, missing: MissingBlocks): LogsSource {
  return {
    select: (request) => source.select({ ...request, missing }),
    scan: (request) => source.scan({ ...request, missing }),
    eachStream: (request, visit) => source.eachStream({ ...request, missing }, visit),
    series: (request) => source.series({ ...request, missing }),
    labelNames: (request) => source.labelNames({ ...request, missing }),
    labelValues: (name, request) => source.labelValues(name, { ...request, missing }),
  };
}
