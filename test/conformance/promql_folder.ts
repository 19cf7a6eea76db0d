import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import { type FileReport, runScript } from "./promql_runner.ts";

/** Runs every `.test` file of a folder. One that can't be read is one failure; the others still run. */
export async function runFolder(folder: string): Promise<FileReport[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".test")).toSorted();
  const reports: FileReport[] = [];
  for (const name of names) reports.push(await runFile(join(folder, name), name));
  return reports;
}

async function runFile(path: string, name: string): Promise<FileReport> {
  let text: string;
  try {
    text = await Bun.file(path).text();
  } catch (thrown) {
    const reason = `not readable: ${messageOf(thrown)}`;
    return { file: name, passed: 0, failures: [{ line: 1, query: "", reasons: [reason] }] };
  }
  return runScript(name, text);
}
