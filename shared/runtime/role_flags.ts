import { parseArgs } from "node:util";
import type { ConfigFlags } from "./config/config_file.ts";

const options = {
  config: { type: "string", short: "c" },
  listen: { type: "string" },
  "data-dir": { type: "string" },
  "log-level": { type: "string" },
  set: { type: "string", multiple: true },
} as const;

/**
 * The flags of configFlags() from a command line that holds nothing else, such as that of an agent's unit. Undefined for all others (commands,
 * --help, mistakes): Commander is for them, which takes a megabyte of memory for as long as the process runs.
 */
export function roleFlags(given: readonly string[]): ConfigFlags | undefined {
  try {
    const { values } = parseArgs({ args: [...given], options, allowPositionals: false });
    const { "data-dir": dataDir, "log-level": logLevel, ...rest } = values;
    return { ...rest, dataDir, logLevel };
  } catch {
    return undefined;
  }
}
