import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { scriptsFolder } from "./fetch_scripts.ts";
import { runFolder } from "./promql_folder.ts";

/** `bun run conformance:promql [DIR] [--json]`: each promqltest script of a folder against the engine. */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const folder = positionals[0] ?? scriptsFolder;
  if (!existsSync(folder)) {
    console.error(`no folder ${folder}: run "npm run conformance:fetch", or name one`);
    return 2;
  }
  const reports = await runFolder(folder);
  const passed = reports.reduce((sum, report) => sum + report.passed, 0);
  const failed = reports.reduce((sum, report) => sum + report.failures.length, 0);
  if (values.json) {
    console.log(JSON.stringify({ passed, failed, files: reports }));
    return failed === 0 ? 0 : 1;
  }
  for (const { file, passed: good, failures } of reports) {
    console.log(`${file}: ${good} passed, ${failures.length} failed`);
    for (const { line, query, reasons } of failures) {
      console.log(`  ${file}:${line}: ${query}`);
      for (const reason of reasons) console.log(`    ${reason}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
