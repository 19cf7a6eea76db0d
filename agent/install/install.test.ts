import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { AgentConfig } from "#agent/config/config.ts";
import { loadConfig } from "#shared/runtime/config/config_file.ts";

const script = join(import.meta.dir, "install.sh");
let folder = "";
let root = "";
let binary = "";

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lapwing-install-"));
  root = join(folder, "root");
  binary = join(folder, "agent");
  await Bun.write(binary, "#!/bin/sh\necho agent one\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function install(...args: string[]): Promise<{ code: number; text: string }> {
  const command = ["sh", script, "--root", root, ...args];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, text: out + error };
}

const files = () =>
  readdirSync(root, { recursive: true })
    .map(String)
    .filter((path) => statSync(join(root, path)).isFile())
    .toSorted();
const config = () => join(root, "etc/lapwing/lapwing.yaml");

test("install.sh writes program, configuration and unit, and says that nothing was started", async () => {
  const { code, text } = await install("--binary", binary);
  expect(code).toBe(0);
  expect(text).toContain("nothing was started");
  expect(files()).toEqual([
    "etc/lapwing/lapwing.yaml",
    "etc/systemd/system/lapwing-agent.service",
    "usr/local/bin/lapwing-agent",
  ]);
  expect(statSync(join(root, "usr/local/bin/lapwing-agent")).mode & 0o777).toBe(0o755);
  expect(statSync(config()).mode & 0o007).toBe(0);
});

test("install.sh run twice brings the program up to date and keeps the configuration", async () => {
  await install("--binary", binary, "--name", "first");
  const written = await Bun.file(config()).text();
  await Bun.write(binary, "#!/bin/sh\necho agent two\n");
  const { code, text } = await install("--binary", binary, "--name", "second");
  expect(code).toBe(0);
  expect(text).toContain("configuration kept");
  expect(await Bun.file(config()).text()).toBe(written);
  expect(await Bun.file(join(root, "usr/local/bin/lapwing-agent")).text()).toContain("two");
  expect(files()).toHaveLength(3);
});

test("install.sh writes a configuration that the agent takes, whatever the name holds", async () => {
  const name = `it's "odd": #1 \\ %s`;
  await install("--binary", binary, "--name", name, "--nats-url", "tls://nats.example:4222");
  const parsed = await loadConfig(AgentConfig, { config: config() });
  expect(parsed.agent.name).toBe(name);
  expect(parsed.nats.servers).toEqual(["tls://nats.example:4222"]);
  rmSync(config());
  await install("--binary", binary);
  await loadConfig(AgentConfig, { config: config() });
});

test("install.sh --uninstall keeps configuration and data, --purge leaves nothing", async () => {
  await install("--binary", binary);
  await Bun.write(join(root, "var/lib/lapwing/spool/1.seg"), "data");
  expect((await install("--uninstall")).code).toBe(0);
  expect(files()).toEqual(["etc/lapwing/lapwing.yaml", "var/lib/lapwing/spool/1.seg"]);
  expect((await install("--uninstall", "--purge")).code).toBe(0);
  expect(existsSync(root) ? readdirSync(root, { recursive: true }) : []).toEqual([]);
  expect((await install("--uninstall", "--purge")).code).toBe(0);
});

test("install.sh refuses what it can't do", async () => {
  const cases: readonly (readonly [args: string[], word: string])[] = [
    [["--colour"], "unknown option --colour"],
    [["--name"], "--name needs a value"],
    [["--binary", "/nowhere"], "no such file"],
    [["--purge"], "goes with --uninstall"],
    [["--nats-url", "nats://user:secret@host"], "no password"],
  ];
  for (const [args, word] of cases) {
    const { code, text } = await install(...args);
    expect([args, code]).toEqual([args, 1]);
    expect(text).toContain(word);
  }
  expect(existsSync(join(root, "usr"))).toBe(false);
});

test.skipIf(Bun.which("shellcheck") === null)(
  "install.sh has no fault that shellcheck knows",
  async () => {
    const child = Bun.spawn(["shellcheck", script], { stdout: "pipe" });
    expect(await new Response(child.stdout).text()).toBe("");
    expect(await child.exited).toBe(0);
  },
);

test.skipIf(Bun.which("systemd-analyze") === null)(
  "systemd finds no fault in the unit but the missing program",
  async () => {
    const unit = join(import.meta.dir, "lapwing-agent.service");
    const child = Bun.spawn(["systemd-analyze", "verify", unit], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const text = await new Response(child.stderr).text();
    await child.exited;
    const faults = text.split("\n").filter((line) => line.includes("lapwing-agent.service"));
    expect(faults.filter((line) => !line.includes("is not executable"))).toEqual([]);
  },
);
