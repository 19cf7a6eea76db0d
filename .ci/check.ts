/** `bun run check`: format, lint, types, dead code; each a kept tool. Layers and registries are tests in test/tidy. */
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

const checks: readonly (readonly [string, readonly string[]])[] = [
  ["format", ["oxfmt", "--check", ...rooms]],
  ["lint", ["oxlint", "--type-aware", "--deny-warnings", ...rooms]],
  ["types", ["tsc", "-p", "."]],
  ["dead code", ["knip", "--no-progress"]],
];

let failures = 0;
for (const [name, [tool = "", ...args]] of checks) {
  const startedMs = performance.now();
  const { exitCode } = Bun.spawnSync([`node_modules/.bin/${tool}`, ...args], {
    stdout: "inherit",
    stderr: "inherit",
  });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  console.log(`${exitCode === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  if (exitCode !== 0) failures++;
}
process.exitCode = failures === 0 ? 0 : 1;
