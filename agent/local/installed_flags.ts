import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";

/** Paths that the unit of agent/install starts the agent with. */
const installed = { config: "etc/lapwing/lapwing.yaml", dataDir: "var/lib/lapwing" } as const;

/**
 * Adds the installed agent's configuration file and data folder to the flags of a command that was given neither. Returns the
 * flags as they are where LAPWING_CONFIG is set, or this user sees no installed agent below `root`.
 */
export function withInstalledPaths<Flags extends ConfigFlags>(flags: Flags, root = "/"): Flags {
  const isChosen = flags.config ?? flags.dataDir ?? process.env.LAPWING_CONFIG;
  const config = join(root, installed.config);
  if (isChosen !== undefined || !existsSync(config)) return flags;
  return { ...flags, config, dataDir: join(root, installed.dataDir) };
}
