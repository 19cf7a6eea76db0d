import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { version } from "#shared/version.ts";

const root = join(import.meta.dir, "../..");
// Only what this machine can run is built here; `npm run build` makes the others.
const isSupported = process.platform === "linux" && process.arch === "x64";
const folder = mkdtempSync(join(tmpdir(), "lapwing-binary-"));
const binary = join(folder, "lapwing-agent-linux-x64");
const test64 = test.skipIf(!isSupported);

beforeAll(async () => {
  if (!isSupported) return;
  const command = [process.execPath, ".ci/build.ts", "--out", folder, "linux-x64"];
  const build = Bun.spawn(command, { cwd: root, stdout: "ignore", stderr: "inherit" });
  expect(await build.exited).toBe(0);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the binary in an empty folder with an empty environment. */
function run(cwd: string, args: readonly string[]) {
  return Bun.spawn([binary, ...args], { cwd, env: {}, stdout: "pipe", stderr: "pipe" });
}

function emptyFolder(): string {
  return mkdtempSync(join(folder, "empty-"));
}

test64("the compiled agent tells its version with nothing around it", async () => {
  const child = run(emptyFolder(), ["--version"]);
  expect((await new Response(child.stdout).text()).trim()).toBe(version);
  expect(await child.exited).toBe(0);
});

test64(
  "the compiled agent collects and spools without NATS, and stops on SIGTERM",
  async () => {
    const cwd = emptyFolder();
    const child = run(cwd, [
      "--listen",
      "127.0.0.1:0",
      "--data-dir",
      "./data",
      "--set",
      'nats.servers=["nats://127.0.0.1:1"]',
      "--set",
      "integrations.detect=false",
    ]);
    try {
      const url = await listeningUrl(child.stderr);
      const health = await fetch(new URL("/-/healthy", url));
      expect(health.status).toBe(200);
      const metrics = await (await fetch(new URL("/metrics", url))).text();
      expect(metrics).toContain("lapwing_");
      // It has replaced itself, by the same pid, for a heap that is collected sooner.
      const environment = readFileSync(`/proc/${child.pid}/environ`, "utf8");
      expect(environment).toContain("BUN_JSC_heapGrowthMaxIncrease=0.5");
    } finally {
      child.kill("SIGTERM");
    }
    expect(await child.exited).toBe(0);
    // Frames are compressed by the native library, so that one was written says that it is inside.
    expect(readdirSync(join(cwd, "data"), { recursive: true }).map(String)).toContainEqual(
      expect.stringMatching(/\.seg$/),
    );
  },
  30_000,
);

test64(
  "the compiled agent has every command that a host needs",
  async () => {
    const cwd = emptyFolder();
    const config =
      "agent: {name: here}\nsources:\n  - {type: file_logs, paths: [/x.log], processors: [{type: logfmt}]}\n";
    writeFileSync(join(cwd, "lapwing.yaml"), config);
    writeFileSync(join(cwd, "broken.yaml"), "spool: {size_max: banana}\n");
    writeFileSync(
      join(cwd, "promtail.yaml"),
      "scrape_configs: [{job_name: a, static_configs: [{labels: {__path__: /y.log}}]}]\n",
    );
    const outputOf = async (args: readonly string[], input = "") => {
      const child = Bun.spawn([binary, ...args], {
        cwd,
        env: {},
        stdin: Buffer.from(input),
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, err] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      return { code: await child.exited, text: out + err };
    };
    const file = ["--config", "lapwing.yaml"];
    const [status, detect, check, broken, tested, imported, enroll] = await Promise.all([
      outputOf(["status", ...file, "--data-dir", "data", "--listen", "127.0.0.1:1"]),
      outputOf(["detect", "--json", ...file]),
      outputOf(["check", "lapwing.yaml"]),
      outputOf(["check", "broken.yaml"]),
      outputOf(["pipeline", "test", ...file, "--source", "file_logs"], "a=b\n"),
      outputOf(["import", "promtail", "promtail.yaml"]),
      outputOf(["enroll", "--url", "http://127.0.0.1:1", "--token", "lwe_x"]),
    ]);
    expect(status).toEqual({ code: 3, text: expect.stringContaining("No agent runs here") });
    expect(detect.code).toBe(0);
    expect(check).toEqual({ code: 0, text: "lapwing.yaml: ok\n" });
    expect(broken).toEqual({
      code: 1,
      text: expect.stringContaining("broken.yaml:1: spool.size_max"),
    });
    expect(tested).toEqual({ code: 0, text: expect.stringContaining('"attributes":{"a":"b"}') });
    expect(imported).toEqual({ code: 0, text: expect.stringContaining("paths: [/y.log]") });
    expect(enroll).toEqual({ code: 1, text: expect.stringContaining("http://127.0.0.1:1") });
  },
  60_000,
);

test64("the compiled agent refuses a wrong configuration by name", async () => {
  const child = run(emptyFolder(), ["--set", "spool.size_max=banana"]);
  expect(await new Response(child.stderr).text()).toContain("size_max");
  expect(await child.exited).toBe(1);
});

/** The address in the agent's first log lines. */
async function listeningUrl(stderr: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stderr) {
    text += decoder.decode(chunk, { stream: true });
    const found = /"url":"(http:[^"]+)"/.exec(text);
    if (found?.[1] !== undefined) return found[1];
  }
  throw new Error(`the agent did not listen: ${text}`);
}
