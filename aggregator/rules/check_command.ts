import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { filesOf } from "./files_of.ts";
import { type RuleLanguage, ruleLanguages } from "./rule_languages.ts";

type Flags = { readonly language: string };

/** `check rules`, and `rules check`: whether files of rules hold what Prometheus, Loki and Sloth would take. */
export function checkRulesCommand(parent: Command, name: "rules" | "check"): void {
  parent
    .command(name)
    .description(
      "check files of alerting and recording rules, or of objectives (SLOs), as promtool does",
    )
    .argument("[files...]", "files or patterns such as rules/*.yaml (default: the standard input)")
    .option("--language <language>", `of expressions: ${ruleLanguages.join(", ")}`, "auto")
    .action((patterns: readonly string[], flags: Flags) => checkRules(patterns, flags));
}

async function checkRules(patterns: readonly string[], { language }: Flags): Promise<void> {
  const known = ruleLanguages.find((own) => own === language);
  if (known === undefined)
    throw new OperatingError(
      "bad_request",
      `--language is "${language}": expected one of ${ruleLanguages.join(", ")}`,
    );
  let areGood = true;
  if (patterns.length === 0)
    areGood = await report("standard input", await Bun.stdin.text(), known);
  for (const file of patterns.flatMap((pattern) => givenFiles(pattern)))
    areGood = (await reportFile(file, known)) && areGood;
  if (!areGood) process.exitCode = 1;
}

/** Files that a pattern stands for. Throws OperatingError where there is none. */
function givenFiles(pattern: string): string[] {
  const found = filesOf(pattern);
  if (found.length === 0)
    throw new OperatingError("bad_request", `${pattern}: no file is of this pattern`);
  return found;
}

async function reportFile(file: string, language: RuleLanguage): Promise<boolean> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    console.log(`Checking ${file}`);
    console.error(`  FAILED:\n${file}: ${messageOf(thrown)}\n`);
    return false;
  }
  return report(file, text, language);
}

async function report(file: string, text: string, language: RuleLanguage): Promise<boolean> {
  // The parsers are loaded by those who check rules.
  const { checkRuleFile } = await import("./rule_file.ts");
  const { count, what, faults, warnings } = checkRuleFile(text, language);
  console.log(`Checking ${file}`);
  for (const warning of warnings) console.log(`  WARNING: ${warning}`);
  if (faults.length === 0) {
    console.log(`  SUCCESS: ${count} ${what} found\n`);
    return true;
  }
  const lines = faults.map((fault) => `${file}:${fault.line}: ${fault.text}`);
  console.error(`  FAILED:\n${lines.join("\n")}\n`);
  return false;
}
