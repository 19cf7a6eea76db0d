import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { withInstalledPaths } from "./installed_flags.ts";

const config = "/etc/lapwing/lapwing.yaml";
let root = "";
let before: string | undefined;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "lapwing-installed-"));
  before = process.env.LAPWING_CONFIG;
  delete process.env.LAPWING_CONFIG;
});

afterAll(() => {
  rmSync(root, { recursive: true });
  if (before !== undefined) process.env.LAPWING_CONFIG = before;
});

test("a command without --config and --data-dir uses those of the installed agent's unit", async () => {
  expect(withInstalledPaths({ logLevel: "info" }, root)).toEqual({ logLevel: "info" });
  mkdirSync(join(root, "etc/lapwing"), { recursive: true });
  writeFileSync(join(root, config), "");
  const flags = withInstalledPaths<ConfigFlags>({ logLevel: "info" }, root);
  expect(flags).toEqual({
    logLevel: "info",
    config: join(root, config),
    dataDir: join(root, "var/lib/lapwing"),
  });
  const unit = await Bun.file(join(import.meta.dir, "../install/lapwing-agent.service")).text();
  expect(unit).toContain(` --config ${config} --data-dir /var/lib/lapwing\n`);
  for (const given of [{ config: "other.yaml" }, { dataDir: "/data" }])
    expect(withInstalledPaths(given, root)).toEqual(given);
});
