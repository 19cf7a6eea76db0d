import { afterAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { lapwing } from "#test/support/command_line.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const run = (...args: string[]) => lapwing(args, { cwd: stage.folder });
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("a program that changed after its release was signed is not published", async () => {
  const program = stage.path("lapwing-agent-linux-x64");
  // The head of a 64-bit ELF file for x86-64.
  const elf = Buffer.alloc(4_096);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.writeUInt16LE(62, 18);
  writeFileSync(program, elf);
  chmodSync(program, 0o755);
  const key = stage.path("release.key");
  const manifest = stage.path("release.json");
  const config = stage.path("lapwing.yaml");
  expect((await run("fleet", "release", "keygen", key)).code).toBe(0);
  const publicKey = readFileSync(`${key}.pub`, "utf8").split("\n")[1];
  writeFileSync(
    config,
    stringify({ data_dir: stage.path("data"), fleet: { release_keys: [publicKey] } }),
  );
  const signing = ["--key", key, "--release", "0.2.0", "--sequence", "20", "--out", manifest];
  expect(await run("fleet", "release", "sign", ...signing, program)).toMatchObject({ code: 0 });
  const signed = sha256(elf);
  const changed = Buffer.concat([elf, Buffer.from("built again")]);
  writeFileSync(program, changed);

  const refused = await run("fleet", "release", "publish", manifest, program, "-c", config);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain(`the release wants SHA-256 ${signed}`);
  expect(refused.err).toContain(`${program} has ${sha256(changed)}`);
  expect(refused.err).toContain("make the release again");
  expect((await run("fleet", "release", "list", "-c", config)).out).not.toContain("0.2.0");

  writeFileSync(program, elf);
  const published = await run("fleet", "release", "publish", manifest, program, "-c", config);
  expect(published).toMatchObject({ code: 0, out: expect.stringContaining("is published") });
  expect((await run("fleet", "release", "list", "-c", config)).out).toContain("0.2.0");
}, 60_000);
