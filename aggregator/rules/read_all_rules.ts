import { OperatingError, messageOf } from "#shared/errors.ts";
import type { RulesConfig } from "./config.ts";
import { IntegrationRules } from "./integration_rules/integration_rules.ts";
import type { LoadProvidedRules } from "./integration_rules/provided_rules.ts";
import { readRuleFiles } from "./read_rules.ts";
import type { RuleGroup } from "./rule.ts";

/** Rules that do not come by API. */
export type ReadRules = {
  readonly ofFiles: readonly RuleGroup[];
  readonly integrations: IntegrationRules;
};

/** Reads what a configuration names. Throws OperatingError("bad_request") with the mistakes of all: then none of it may be used. */
export async function readAllRules(
  config: RulesConfig,
  provided: LoadProvidedRules | undefined,
): Promise<ReadRules> {
  const [files, integrations] = await Promise.allSettled([
    readRuleFiles(config),
    IntegrationRules.read(provided, config),
  ]);
  if (files.status === "fulfilled" && integrations.status === "fulfilled")
    return { ofFiles: files.value, integrations: integrations.value };
  const mistakes = [files, integrations].flatMap((one) =>
    one.status === "rejected" ? [messageOf(one.reason)] : [],
  );
  throw new OperatingError("bad_request", mistakes.join("\n"));
}
