/**
 * `bun run check`: format, lint, types, dead code; each a kept tool. Layers and registries are tests in test/tidy.
 *
 *     bun run check                  everything; work is skipped where nothing that it depends on changed since it passed
 *     bun run check --changed [REF]  format, lint and types for the files that differ from REF (default: HEAD), without dead code
 *     bun run check --fresh          everything, with what was remembered thrown away
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checksumOf, filesToLint, type LintMemory, memoryOf, type Sources } from "./lint_memory.ts";

const cache = "node_modules/.cache/check";
const lintMemoryPath = join(cache, "lint.json");
const deadCodePath = join(cache, "dead_code.txt");
/** Besides the sources, what may change a result. */
const settings = [
  ".oxlintrc.json",
  ".oxfmtrc.json",
  "knip.json",
  "tsconfig.json",
  "package.json",
  "package-lock.json",
];

type Result = { readonly isGood: boolean; readonly text: string };
const nothingToDo: Result = { isGood: true, text: "" };

async function run(tool: string, ...args: readonly string[]): Promise<Result> {
  const child = Bun.spawn([join("node_modules", ".bin", tool), ...args], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const texts = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { isGood: (await child.exited) === 0, text: texts.join("") };
}

function linesOf(...command: readonly string[]): string[] {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...command]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed: ${stderr.toString()}`);
  return stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "" && existsSync(line));
}

const isLinted = (path: string): boolean => /\.(?:tsx?|mjs)$/.test(path);
const isFormatted = (path: string): boolean => isLinted(path) || /\.(?:css|html|json)$/.test(path);

/** Files that are in Git or could be. */
async function readSources(): Promise<Sources> {
  const paths = linesOf("git", "ls-files", "--cached", "--others", "--exclude-standard");
  const texts = paths
    .filter(isLinted)
    .map(async (path) => [path, await Bun.file(path).text()] as const);
  return new Map(await Promise.all(texts));
}

/** Type-aware rules take most of the time, so files that can't have changed are left out. */
async function lint(sources: Sources, key: string): Promise<Result> {
  const known = Bun.file(lintMemoryPath);
  const memory: LintMemory | undefined = (await known.exists()) ? await known.json() : undefined;
  const files = filesToLint(sources, memory, key);
  // Circles of imports are found only where all files are seen.
  const everywhere = run("oxlint", "--deny-warnings", ".");
  const typeAware = files.length === 0 ? nothingToDo : await lintTyped(files);
  const all = await everywhere;
  const isGood = typeAware.isGood && all.isGood;
  if (isGood) await Bun.write(lintMemoryPath, JSON.stringify(memoryOf(sources, key)));
  return { isGood, text: all.isGood ? typeAware.text : all.text + typeAware.text };
}

function lintTyped(files: readonly string[]): Promise<Result> {
  return run("oxlint", "--type-aware", "--deny-warnings", ...files);
}

async function deadCode(sources: Sources, key: string): Promise<Result> {
  const state = checksumOf(key + JSON.stringify(memoryOf(sources, key)));
  const known = Bun.file(deadCodePath);
  if ((await known.exists()) && (await known.text()) === state) return nothingToDo;
  const result = await run("knip", "--no-progress", "--cache", "--cache-location", `${cache}/knip`);
  if (result.isGood) await Bun.write(deadCodePath, state);
  return result;
}

function types(): Promise<Result> {
  return run("tsc", "-p", ".", "--incremental", "--tsBuildInfoFile", `${cache}/types.tsbuildinfo`);
}

async function settingsKey(): Promise<string> {
  const texts = settings.map((path) => Bun.file(path).text());
  return checksumOf((await Promise.all(texts)).join("\0"));
}

function changedSince(ref: string): string[] {
  const changed = linesOf("git", "diff", "--name-only", "--diff-filter=d", ref);
  const added = linesOf("git", "ls-files", "--others", "--exclude-standard");
  return [...changed, ...added].filter((path) => !path.startsWith("proto/gen/"));
}

/** Side by side, as most of them use one core most of the time. What each says stays together. */
async function runAll(
  checks: readonly (readonly [string, () => Promise<Result>])[],
): Promise<void> {
  const results = await Promise.all(
    checks.map(async ([name, check]) => {
      const startedMs = performance.now();
      const { isGood, text } = await check();
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
      console.log(`${text}${isGood ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
      return isGood;
    }),
  );
  process.exitCode = results.every((isGood) => isGood) ? 0 : 1;
}

const [mode, ref = "HEAD"] = process.argv.slice(2);
if (mode === "--fresh") rmSync(cache, { recursive: true, force: true });
mkdirSync(cache, { recursive: true });
if (mode === "--changed") {
  const files = changedSince(ref);
  const [linted, formatted] = [files.filter(isLinted), files.filter(isFormatted)];
  await runAll([
    ["types", types],
    ["lint", async () => (linted.length === 0 ? nothingToDo : lintTyped(linted))],
    [
      "format",
      async () => (formatted.length === 0 ? nothingToDo : run("oxfmt", "--check", ...formatted)),
    ],
  ]);
} else {
  const [sources, key] = [await readSources(), await settingsKey()];
  await runAll([
    ["types", types],
    ["lint", () => lint(sources, key)],
    ["dead code", () => deadCode(sources, key)],
    ["format", () => run("oxfmt", "--check", ".")],
  ]);
}
