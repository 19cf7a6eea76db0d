import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "..");
const kinds = ["integration", "receiver", "panel", "route"];
const name = "made_up";
let copy = "";

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "lapwing-new-"));
  const listed = Bun.spawnSync(["git", "ls-files", "-co", "--exclude-standard"], { cwd: root });
  for (const path of listed.stdout.toString().trim().split("\n")) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(root, path), join(copy, path), { errorOnExist: false });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
}, 120_000);
afterAll(() => rmSync(copy, { recursive: true, force: true }), 60_000);

function run(...command: readonly string[]): { code: number; output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: copy });
  return { code: exitCode, output: stdout.toString() + stderr.toString() };
}

test("bun run new makes each kind with its files and registry lines; types, tests, format and registries pass", async () => {
  const made: string[] = [];
  for (const kind of kinds) {
    const { code, output } = run(process.execPath, ".ci/new.ts", kind, name);
    expect([kind, code, output]).toEqual([kind, 0, output]);
    made.push(...output.split("\n").filter((line) => /\.(?:tsx?|yaml)$/.test(line)));
  }
  const again = run(process.execPath, ".ci/new.ts", "panel", name);
  expect([again.code, again.output]).toEqual([2, expect.stringContaining("exists already")]);

  const bin = (tool: string) => join(copy, "node_modules/.bin", tool);
  expect(run(bin("oxfmt"), "--check", ...made)).toMatchObject({ code: 0 });
  const typed = made.filter((path) => /\.tsx?$/.test(path));
  const ambient = "shared/runtime/prom_client_parts.d.ts";
  const config = { extends: "./tsconfig.json", include: [], files: [...typed, ambient] };
  await Bun.write(join(copy, "tsconfig.made.json"), JSON.stringify(config));
  expect(run(bin("tsc"), "-p", "tsconfig.made.json")).toEqual({ code: 0, output: "" });
  const tests = typed.filter((path) => path.includes(".test."));
  expect(tests.length).toBe(kinds.length);
  const registries = ["ui/panels/registry.test.ts", "test/tidy/registries.test.ts"];
  const passed = run(
    process.execPath,
    "test",
    "--timeout",
    "60000",
    ...[...tests, ...registries].map((path) => `./${path}`),
  );
  expect([passed.code, passed.output]).toEqual([0, passed.output]);
}, 300_000);

test.each([
  [["integration", "Bad-Name"], 'invalid name "Bad-Name": expected snake_case'],
  [["window", "x"], 'unknown kind "window": expected integration, receiver, panel, route'],
])("bun run new %j is refused with the reason", (args, reason) => {
  const { code, output } = run(process.execPath, ".ci/new.ts", ...args);
  expect(code).toBe(2);
  expect(output).toContain(reason);
});
