import type { Command } from "commander";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { loadConfig } from "#shared/runtime/config/config_file.ts";
import { plainRulesText } from "../plain_rules.ts";
import { IntegrationRulesConfig } from "./config.ts";
import { type LoadProvidedRules, type TunedKind, tunedRules } from "./provided_rules.ts";

/** Of a whole configuration; other commands check the other keys. */
const WithIntegrations = z.looseObject({
  rules: z.looseObject({ integrations: IntegrationRulesConfig.prefault({}) }).prefault({}),
});

type Flags = { readonly config?: string };

/** `rules integrations`: prints the rules that come with Lapwing. */
export function integrationRulesCommand(rules: Command, load: LoadProvidedRules): void {
  rules
    .command("integrations")
    .description("print the rules that come with integrations, as a rule file of Prometheus")
    .argument("[kinds...]", "such as redis or probes (default: all)")
    .option("-c, --config <file>", "print them as rules.integrations of this file changes them")
    .action((kinds: readonly string[], flags: Flags) => print(load, kinds, flags));
}

async function print(load: LoadProvidedRules, wanted: readonly string[], flags: Flags) {
  const { integrations } = (await loadConfig(WithIntegrations, flags)).rules;
  const { kinds, mistakes } = tunedRules(await load(), integrations);
  if (mistakes.length > 0) throw new OperatingError("bad_request", mistakes.join("\n"));
  const files = chosen(kinds, wanted).flatMap((kind) => kind.files);
  process.stdout.write(plainRulesText(files.flatMap(({ groups }) => groups)));
}

function chosen(kinds: readonly TunedKind[], wanted: readonly string[]): readonly TunedKind[] {
  const known = kinds.map(({ kind }) => kind);
  for (const kind of wanted)
    if (!known.includes(kind))
      throw new OperatingError(
        "bad_request",
        `no rules are for "${kind}": expected one of ${known.join(", ")}`,
      );
  return wanted.length === 0 ? kinds : kinds.filter(({ kind }) => wanted.includes(kind));
}
