import { OperatingError } from "#shared/errors.ts";
import type { RuleLanguage } from "../rule_languages.ts";
import { type FileGroup, checkRuleFile } from "../rule_file.ts";

/** Characters of a group. */
const groupCharactersMax = 1_000_000;
/** Lines that are put before a group to make a file of it. */
const head = "groups:\n  -\n";
const headLines = 2;

/**
 * Reads a group as the ruler APIs of Mimir and Loki take it: a YAML map as it stands below `groups` of a file. Throws
 * OperatingError("bad_request") with all mistakes and their lines.
 */
export function readGroup(text: string, language: RuleLanguage): FileGroup {
  if (text.length > groupCharactersMax)
    throw bad(`the group has ${text.length} characters, expected at most ${groupCharactersMax}`);
  const body = text.replace(/^---[^\n]*\n/, "").replaceAll(/^/gm, "    ");
  const { faults, groups } = checkRuleFile(head + body, language);
  if (faults.length > 0)
    throw bad(
      faults
        .map(({ line, text: fault }) => `line ${Math.max(1, line - headLines)}: ${fault}`)
        .join("\n"),
    );
  const [group] = groups;
  if (group === undefined || groups.length > 1) throw bad("expected a map with name and rules");
  return group;
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}
