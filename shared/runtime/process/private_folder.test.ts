import { afterEach, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeDataFolder, closeFolder } from "./private_folder.ts";

const root = mkdtempSync(join(tmpdir(), "lapwing-private-"));
afterEach(() => rmSync(root, { recursive: true, force: true }));
const modeOf = (...names: string[]) => (statSync(join(root, ...names)).mode & 0o777).toString(8);

test("closeFolder() makes a closed folder, and closes one that is open with all that lies in it", async () => {
  await closeFolder(join(root, "new"));
  expect(modeOf("new")).toBe("700");

  mkdirSync(join(root, "old", "blocks"), { recursive: true });
  for (const [name, mode] of [
    ["catalog.db", 0o644],
    ["blocks/one.parquet", 0o664],
    ["program", 0o755],
  ] as const) {
    writeFileSync(join(root, "old", name), "x");
    chmodSync(join(root, "old", name), mode);
  }
  writeFileSync(join(root, "elsewhere"), "x");
  chmodSync(join(root, "elsewhere"), 0o644);
  symlinkSync(join(root, "elsewhere"), join(root, "old", "link"));
  for (const name of ["old", "old/blocks"]) chmodSync(join(root, name), 0o755);
  await closeFolder(join(root, "old"));
  expect([modeOf("old"), modeOf("old", "blocks")]).toEqual(["700", "700"]);
  expect([modeOf("old", "catalog.db"), modeOf("old", "blocks", "one.parquet")]).toEqual([
    "600",
    "600",
  ]);
  expect(modeOf("old", "program")).toBe("700");
  expect(modeOf("elsewhere")).toBe("644");
});

test("closeDataFolder() closes what is Lapwing's alone", async () => {
  mkdirSync(join(root, "data", "agent"), { recursive: true });
  mkdirSync(join(root, "home", "aggregator"), { recursive: true });
  writeFileSync(join(root, "home", "letter"), "x");
  for (const name of ["data", "home"]) {
    chmodSync(join(root, name), 0o755);
    await closeDataFolder(join(root, name));
  }
  expect([modeOf("data"), modeOf("home")]).toEqual(["700", "755"]);
});
