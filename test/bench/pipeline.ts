import { parseArgs } from "node:util";
import { run as ingest } from "./ingest.ts";
import { run as logs } from "./logs.ts";

/**
 * The whole way of both signals, from a scrape's body and from a file to committed Parquet: `ingest`, then `logs`.
 * `--samples`, `--lines`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      samples: { type: "string", default: "5000000" },
      lines: { type: "string", default: "1000000" },
    },
  });
  return {
    ingest: await ingest(["--samples", values.samples]),
    logs: await logs(["--lines", values.lines]),
  };
}
