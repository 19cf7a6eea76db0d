import { parseArgs } from "node:util";
import { run as ingest } from "./ingest.ts";
import { run as logs } from "./logs.ts";

/**
 * The whole way of both signals, from a scrape's body and from a file to committed Parquet: `ingest`, then `logs`.
 * `--samples`, `--lines`; `--hosts`, `--flush_interval` and `--agent source` as these have them.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      samples: { type: "string", default: "5000000" },
      lines: { type: "string", default: "1000000" },
      hosts: { type: "string" },
      flush_interval: { type: "string", default: "2s" },
      agent: { type: "string" },
    },
  });
  const flush = ["--flush_interval", values.flush_interval];
  const hosts = values.hosts === undefined ? [] : ["--hosts", values.hosts];
  const agent = values.agent === undefined ? [] : ["--agent", values.agent];
  return {
    ingest: await ingest(["--samples", values.samples, ...hosts, ...flush]),
    logs: await logs(["--lines", values.lines, ...agent, ...flush]),
  };
}
