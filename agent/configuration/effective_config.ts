import { stringify } from "yaml";
import { z } from "zod";
import type { WantedConfiguration } from "#proto/fleet/wanted_configuration.ts";
import { ConfigError, parseConfig } from "#shared/runtime/config/config.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { readConfigInput } from "#shared/runtime/config/config_file.ts";
import { AgentConfig } from "../config/config.ts";
import { plainOf, programMistakes } from "./document.ts";
import { mergeConfiguration } from "./merge.ts";

const AnyMap = z.record(z.string(), z.unknown());

/**
 * The configuration that the host's file and what the aggregator wants make together. Flags and variables of the process win over both. Without
 * anything wanted, or with fleet.configuration local, it is the file alone. Throws ConfigError.
 */
export async function effectiveConfig(
  flags: ConfigFlags,
  wanted: WantedConfiguration | undefined,
): Promise<AgentConfig> {
  const input = await readConfigInput(flags);
  const own = parseConfig(AgentConfig, input);
  const { configuration: how, allow_commands: mayRun } = own.fleet;
  if (how === "local" || wanted === undefined || wanted.layers.length === 0) return own;
  const layers = wanted.layers.map(({ name, text }) => ({ name, plain: plainOf(name, text) }));
  const programs = mayRun ? [] : layers.flatMap(({ name, plain }) => programMistakes(name, plain));
  if (programs.length > 0) throw new ConfigError(programs);
  const file = parseConfig(AnyMap, { ...input, overrides: [] });
  const merged = mergeConfiguration(
    how,
    file,
    layers.map(({ plain }) => plain),
  );
  const name = layers.map((layer) => layer.name).join("+");
  // Aliases would be limited in number where they are read.
  const text = stringify(merged, { aliasDuplicateObjects: false });
  return parseConfig(AgentConfig, { name, text, overrides: input.overrides });
}
