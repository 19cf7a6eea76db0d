import { readFile } from "node:fs/promises";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { filesOf } from "./files_of.ts";
import type { RulesConfig } from "./config.ts";
import type { RuleGroup } from "./rule.ts";
import { checkRuleFile } from "./rule_file.ts";

/**
 * Reads all groups of all files. Throws OperatingError("bad_request") with all mistakes of all files, each with its line: then none
 * of the rules may be used.
 */
export async function readRuleFiles(
  { files, ...defaults }: Pick<RulesConfig, "files" | "evaluation_interval" | "query_offset">,
  language: "promql" | "logql" | "auto" = "auto",
): Promise<RuleGroup[]> {
  const mistakes: string[] = [];
  const groups: RuleGroup[] = [];
  for (const file of new Set(files.flatMap(filesOf))) {
    try {
      const checked = checkRuleFile(await readFile(file, "utf8"), language);
      mistakes.push(...checked.faults.map(({ line, text }) => `${file}:${line}: ${text}`));
      groups.push(
        ...checked.groups.map((group) => ({
          ...group,
          file,
          intervalMs: group.intervalMs ?? defaults.evaluation_interval,
          queryOffsetMs: group.queryOffsetMs ?? defaults.query_offset,
        })),
      );
    } catch (thrown) {
      mistakes.push(`${file}: ${messageOf(thrown)}`);
    }
  }
  if (mistakes.length > 0) throw new OperatingError("bad_request", mistakes.join("\n"));
  return groups;
}
