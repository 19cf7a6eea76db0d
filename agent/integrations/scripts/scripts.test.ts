import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { scripts } from "./integration.ts";
import { readNagiosOutput } from "./nagios_output.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "scripts-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** One run of a shell script. */
async function run(script: string, options: object = {}, timeoutMs = 5_000) {
  const command = ["/bin/sh", "-c", script];
  const given = { name: "x", command, ...options };
  const { samples, degraded } = await new InstanceUnderTest(scripts, given, timeoutMs).tick();
  const values = Object.fromEntries(samples);
  const of = (name: string) => values[`script_${name}{script="x"}`];
  return {
    values,
    degraded,
    success: of("success"),
    code: of("exit_code"),
    seconds: of("duration_seconds"),
  };
}

test("scripts: Prometheus's format becomes samples, the environment is clean, and the working directory is the given one", async () => {
  process.env["SECRET_OF_THE_AGENT"] = "x";
  const { values, degraded, success, code, seconds } = await run(
    String.raw`printf 'a{b="%s",c="%s"} %s\n' "$X" "$(pwd)" "$(env | wc -l)"; env > env`,
    { env: { X: "1" }, working_directory: folder },
  );
  expect([degraded, success, code]).toEqual([[], 1, 0]);
  expect(seconds).toBeGreaterThan(0);
  expect(values[`a{b="1",c="${folder}"}`]).toBeGreaterThan(0);
  const names = readFileSync(join(folder, "env"), "utf8").match(/^[A-Z_]+(?==)/gm);
  expect(
    names?.filter((name) => !["_", "PWD", "OLDPWD", "SHLVL"].includes(name)).toSorted(),
  ).toEqual(["LC_ALL", "PATH", "SCRIPT_DEADLINE", "SCRIPT_TIMEOUT", "X"]);
  delete process.env["SECRET_OF_THE_AGENT"];
});

test("scripts: one that fails tells its exit code and its words, and what it wrote is taken", async () => {
  const { values, degraded, success, code } = await run("echo 'a 1'; echo broken >&2; exit 3");
  expect([values["a"], success, code]).toEqual([1, 0, 3]);
  expect(degraded).toEqual(["ended with 3: broken"]);
  expect(await run("kill -9 $$", { output: "ignore" })).toMatchObject({ success: 0, code: 137 });
  expect(await run("echo no metrics", { output: "ignore" })).toMatchObject({ success: 1, code: 0 });
});

test("scripts: output of another form, a program that is not there, and too much output are failures with a reason", async () => {
  const form = await run("echo no metrics");
  expect([form.success, form.code]).toEqual([0, 0]);
  expect(form.degraded).toEqual([expect.stringContaining("expected")]);
  const gone = await run("", { command: ["/nowhere/x"] });
  expect([gone.success, gone.code, gone.degraded]).toEqual([
    0,
    -1,
    [expect.stringContaining("can't run /nowhere/x")],
  ]);
  const much = await run("yes 'a 1'", { output_size_max: "10KiB" });
  expect([much.success, much.code, much.degraded]).toEqual([
    0,
    -1,
    ["/bin/sh wrote more than 10240 bytes"],
  ]);
  const twice = await run("echo 'a 1'; echo 'up 0'");
  expect([twice.values["a"], twice.success]).toEqual([1, 0]);
});

test("scripts: one that does not end is killed in time with its whole group", async () => {
  const pids = join(folder, "pids");
  const { success, code, degraded } = await run(
    `trap '' TERM; sleep 1000 & echo $! $$ > ${pids}; wait`,
    {},
    600,
  );
  expect([success, code, degraded]).toEqual([0, -1, ["/bin/sh did not end in time"]]);
  await expectGone(readFileSync(pids, "utf8"));
});

test("scripts: children that a script leaves behind end with it, also those that hold its output", async () => {
  const pids = join(folder, "pids");
  const { success, values } = await run(`sleep 1000 & echo $! > ${pids}; echo 'a 1'`);
  expect([success, values["a"]]).toEqual([1, 1]);
  await expectGone(readFileSync(pids, "utf8"));
});

async function expectGone(pids: string): Promise<void> {
  for (const pid of pids.trim().split(/\s+/)) {
    const isThere = () =>
      existsSync(`/proc/${pid}/stat`) &&
      !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
    for (let i = 0; i < 100 && isThere(); i++) await Bun.sleep(10);
    expect(isThere()).toBe(false);
  }
}

test("scripts: a Nagios plugin's state and performance data; all that is shown was collected", async () => {
  const { values, degraded, success, code } = await run(
    "echo \"DISK WARNING - 90% | /=90GB;80;95;0;100 'swap in'=3c\"; exit 1",
    { output: "nagios" },
  );
  expect([success, code, degraded]).toEqual([0, 1, ["ended with 1: DISK WARNING - 90%"]]);
  const labels = '{script="x",label="/",unit="bytes"}';
  const GiB = 1_024 ** 3;
  expect(values).toMatchObject({
    [`script_perfdata_value${labels}`]: 90 * GiB,
    [`script_perfdata_warning${labels}`]: 80 * GiB,
    [`script_perfdata_critical${labels}`]: 95 * GiB,
    [`script_perfdata_min${labels}`]: 0,
    [`script_perfdata_max${labels}`]: 100 * GiB,
    'script_perfdata_value{script="x",label="swap in",unit="count"}': 3,
  });
  expectAssets(import.meta.dir, Object.keys(values));
});

test("readNagiosOutput() takes the forms of the plugin guidelines", () => {
  const { text, data, malformed } = readNagiosOutput(
    "OK - all well | time=12ms;;@5:1e3 'it''s'=-1,5%;10: x=U\nlong text\nmore | a=1 b=2KB;~:5\nc=.5us;bad;\nnonsense d=1x\n",
  );
  expect(text).toBe("OK - all well");
  expect(malformed).toBe(1);
  const plain = { warning: undefined, critical: undefined, min: undefined, max: undefined };
  expect(data).toEqual([
    { ...plain, label: "time", unit: "seconds", value: 0.012, critical: 1 },
    { ...plain, label: "it's", unit: "percent", value: -1.5 },
    { ...plain, label: "a", unit: "", value: 1 },
    { ...plain, label: "b", unit: "bytes", value: 2_048, warning: 5_120 },
    { ...plain, label: "c", unit: "seconds", value: 5e-7 },
    { ...plain, label: "d", unit: "x", value: 1 },
  ]);
  expect(readNagiosOutput("")).toEqual({ text: "", data: [], malformed: 0 });
});

test("scripts: an entry without a command or name is refused", () => {
  expect(scripts.config.safeParse({ name: "x" }).success).toBe(false);
  expect(scripts.config.safeParse({ name: "x", command: [] }).success).toBe(false);
  expect(scripts.config.safeParse({ command: ["x"] }).success).toBe(false);
});
