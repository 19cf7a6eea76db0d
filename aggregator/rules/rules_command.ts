import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Command } from "commander";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { backtestCommand } from "./backtest/backtest_command.ts";
import { costCommand } from "./cost/cost_command.ts";
import { checkRulesCommand } from "./check_command.ts";
import { integrationRulesCommand } from "./integration_rules/print_command.ts";
import type { LoadProvidedRules } from "./integration_rules/provided_rules.ts";

type Flags = { readonly run?: string };

/** `rules`: checks and tests files of rules, and tries them on the data of a server. */
export function rulesCommand(rules: Command, provided: LoadProvidedRules): void {
  rules.description("check, test and backtest files of alerting and recording rules");
  checkRulesCommand(rules, "check");
  rules
    .command("test")
    .description("run unit tests of rules: files in the form of promtool test rules")
    .argument("<files...>", "files of tests")
    .option("--run <expression>", "only tests whose name this regular expression matches")
    .action(testFiles);
  backtestCommand(rules);
  costCommand(rules);
  integrationRulesCommand(rules, provided);
}

async function testFiles(files: readonly string[], { run }: Flags): Promise<void> {
  const { searchingRegex } = await import("#shared/text/linear_regex.ts");
  const wanted = run === undefined ? undefined : searchingRegex(run);
  let areGood = true;
  for (const file of files) {
    console.log(`Unit Testing:  ${file}`);
    const failures = await failuresOf(file, (name) => wanted?.test(name) ?? true);
    if (failures.length === 0) {
      console.log("  SUCCESS\n");
      continue;
    }
    areGood = false;
    console.error(`  FAILED:\n${failures.join("\n")}\n`);
  }
  if (!areGood) process.exitCode = 1;
}

async function failuresOf(file: string, isWanted: (name: string) => boolean): Promise<string[]> {
  const { readTestFile } = await import("./unit_tests/test_file.ts");
  const { runTestGroup } = await import("./unit_tests/run_tests.ts");
  const { readRuleFiles } = await import("./read_rules.ts");
  try {
    const tests = readTestFile(textOf(file));
    const files = tests.rule_files.map((path) =>
      isAbsolute(path) ? path : join(dirname(file), path),
    );
    const groups = await readRuleFiles({
      files,
      evaluation_interval: tests.evaluation_interval,
      query_offset: 0,
    });
    const order = new Map(tests.group_eval_order.map((name, i) => [name, i]));
    const placeOf = ({ name }: { readonly name: string }) => order.get(name) ?? order.size;
    const ordered = groups.toSorted((a, b) => placeOf(a) - placeOf(b));
    const failures: string[] = [];
    for (const test of tests.tests)
      if (isWanted(test.name)) failures.push(...(await runTestGroup(test, tests, ordered)));
    return failures;
  } catch (thrown) {
    return [`  ${messageOf(thrown)}`];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new OperatingError("not_found", messageOf(cause), { cause });
  }
}
