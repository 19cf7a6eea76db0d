import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { runScript } from "./promql_runner.ts";

/** `bun run conformance:promql DIR [--json]`: every promqltest script of a folder against the engine. */
async function main(args: readonly string[]): Promise<number> {
  const json = args.includes("--json");
  const folder = args.find((arg) => !arg.startsWith("--"));
  if (folder === undefined) {
    console.error("usage: bun run conformance:promql DIR [--json]");
    return 2;
  }
  const files = (await readdir(folder)).filter((name) => name.endsWith(".test")).toSorted();
  const reports = [];
  for (const file of files)
    reports.push(await runScript(file, await Bun.file(join(folder, file)).text()));
  const passed = reports.reduce((sum, report) => sum + report.passed, 0);
  const failed = reports.reduce((sum, report) => sum + report.failures.length, 0);
  if (json) {
    console.log(JSON.stringify({ passed, failed, files: reports }));
    return failed === 0 ? 0 : 1;
  }
  for (const { file, passed: good, failures } of reports) {
    console.log(`${basename(file)}: ${good} passed, ${failures.length} failed`);
    for (const { line, query, reasons } of failures) {
      console.log(`  ${file}:${line}: ${query}`);
      for (const reason of reasons) console.log(`    ${reason}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
