import { readFile } from "node:fs/promises";
import type { z } from "zod";
import type { ConfigInput, ConfigOverride } from "./config.ts";
import { ConfigError, overrideFromFlag, overridesFromEnvironment, parseConfig } from "./config.ts";

/** What the command line says of configuration; a flag wins over a variable, a variable over the file. */
export type ConfigFlags = {
  readonly config?: string | undefined;
  readonly listen?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly set?: readonly string[] | undefined;
};

/** Variables that are no configuration keys. */
const reserved = ["LAPWING_CONFIG", "LAPWING_SHARED", "LAPWING_TEST_FULL", "LAPWING_URL"];

/** Reads file, environment and flags again at each call. Throws ConfigError. */
export async function loadConfig<Schema extends z.ZodType>(
  schema: Schema,
  flags: ConfigFlags,
): Promise<z.output<Schema>> {
  return parseConfig(schema, await readConfigInput(flags));
}

/** What there is to be checked: the file's text, and what wins over it. Throws ConfigError. */
export async function readConfigInput(flags: ConfigFlags): Promise<ConfigInput> {
  const path = flags.config ?? process.env.LAPWING_CONFIG;
  const overrides: ConfigOverride[] = [
    ...overridesFromEnvironment(process.env, reserved),
    ...(flags.set ?? []).map(overrideFromFlag),
  ];
  const short = { listen: flags.listen, data_dir: flags.dataDir, "log.level": flags.logLevel };
  for (const [key, text] of Object.entries(short)) {
    if (text === undefined) continue;
    const flag = `--${key.replace("_", "-").replace(".", "-")}`;
    overrides.push({ source: flag, path: key.split("."), text: JSON.stringify(text) });
  }
  const text = path === undefined ? "" : await readConfigFile(path);
  return { name: path ?? "defaults", text, overrides };
}

async function readConfigFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    const expected = "a readable file (given by --config or LAPWING_CONFIG)";
    throw new ConfigError([{ source: path, key: "(file)", value: "", expected }]);
  }
}
