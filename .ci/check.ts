/** `bun run check`: format, lint, types, dead code; each a kept tool. Layers and registries are tests in test/tidy. */
import { join } from "node:path";

const rooms = [
  "agent",
  "aggregator",
  "proto",
  "shared",
  "ui",
  "test",
  ".ci",
  "lapwing.ts",
  "command_line.ts",
  "up_role.ts",
];

/** What the compiler knows of the files from the run before. */
const buildInfo = "node_modules/.cache/check.tsbuildinfo";

const checks: readonly (readonly [string, readonly string[]])[] = [
  ["types", ["tsc", "-p", ".", "--incremental", "--tsBuildInfoFile", buildInfo]],
  ["lint", ["oxlint", "--type-aware", "--deny-warnings", ...rooms]],
  ["dead code", ["knip", "--no-progress"]],
  ["format", ["oxfmt", "--check", ...rooms]],
];

/** Side by side, as most of them use one core most of the time. What each says stays together. */
const results = await Promise.all(
  checks.map(async ([name, [tool = "", ...args]]) => {
    const startedMs = performance.now();
    const child = Bun.spawn([join("node_modules", ".bin", tool), ...args], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const texts = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    const isGood = (await child.exited) === 0;
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    console.log(`${texts.join("")}${isGood ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
    return isGood;
  }),
);
process.exitCode = results.every((isGood) => isGood) ? 0 : 1;
