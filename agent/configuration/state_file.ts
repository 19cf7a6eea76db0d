import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Health } from "#proto/fleet/agent_health.ts";
import { WantedConfiguration } from "#proto/fleet/wanted_configuration.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { writePrivate } from "../enroll/private_file.ts";

/**
 * What an agent remembers of configurations that it was told, in `configuration.json` beside its spool, for its owner alone. `good` ran well for
 * the probation. `trying` is in its probation; `starts` counts starts of the process that found it so, which means that the one before ended without
 * being asked to; `before` is how the agent was without it. `failed` is not tried again by the same version of the agent.
 */
const State = z.object({
  good: WantedConfiguration.optional(),
  trying: z
    .object({ wanted: WantedConfiguration, starts: z.number().int(), before: Health })
    .optional(),
  failed: z.object({ id: z.string(), reason: z.string(), version: z.string() }).optional(),
});
export type ConfigurationMemory = z.output<typeof State>;

const nameOf = (folder: string) => join(folder, "configuration.json");

/** Empty where there is none. Throws OperatingError "corrupt" for a file that can't be read as one. */
export async function readMemory(folder: string): Promise<ConfigurationMemory> {
  const path = nameOf(folder);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return {};
    throw new OperatingError("corrupt", `${path} can't be read: ${messageOf(thrown)}`);
  }
  try {
    return State.parse(JSON.parse(text));
  } catch (cause) {
    throw new OperatingError("corrupt", `${path} is not what an agent writes there`, { cause });
  }
}

/** Throws OperatingError "no_space". */
export function writeMemory(folder: string, memory: ConfigurationMemory): Promise<void> {
  return writePrivate(nameOf(folder), `${JSON.stringify(memory)}\n`);
}
