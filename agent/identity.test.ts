import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canMount } from "#test/support/stage.ts";
import { messageOf } from "#shared/errors.ts";
import { agentId } from "./identity.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lapwing-identity-"));
});
afterEach(() => {
  Bun.spawnSync(["umount", "-q", folder]);
  rmSync(folder, { recursive: true, force: true });
});

/** Why there is no identity. */
const refusal = (): Promise<string> => agentId(folder).then(() => "none", messageOf);

test("agentId() makes one id, and keeps it", async () => {
  const id = await agentId(folder);
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(await agentId(folder)).toBe(id);
  expect(readdirSync(folder)).toEqual(["id"]);
});

test("agentId() refuses a file that holds something else", async () => {
  writeFileSync(join(folder, "id"), "web-1\n");
  expect(await refusal()).toContain('holds "web-1", expected 16 hexadecimal digits');
});

test.skipIf(!canMount())(
  "agentId() leaves nothing on a full disk, and makes an id when there is room (needs the right to mount)",
  async () => {
    const mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder];
    expect(Bun.spawnSync(mount).exitCode).toBe(0);
    const filler = join(folder, "filler");
    expect(() => writeFileSync(filler, new Uint8Array(128 * 1_024))).toThrow("ENOSPC");
    expect(await refusal()).toContain("ENOSPC");
    expect(readdirSync(folder)).toEqual(["filler"]);
    rmSync(filler);
    expect(await agentId(folder)).toMatch(/^[0-9a-f]{16}$/);
  },
);
