import { parseArgs } from "node:util";
import { messageOf } from "#shared/errors.ts";
import { fetchScripts, scriptsFolder } from "./fetch_scripts.ts";
import { publicHome } from "./promql_pins.ts";

/** `bun run conformance:fetch [--from URL]`: Prometheus's PromQL scripts into the cache that `conformance:promql` reads. */
async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { from: { type: "string", default: publicHome } },
  });
  try {
    await fetchScripts(values.from.replace(/\/$/, ""));
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown.cause : undefined;
    console.error(`${messageOf(thrown)}${cause === undefined ? "" : `: ${messageOf(cause)}`}`);
    return 1;
  }
  console.log(scriptsFolder);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
