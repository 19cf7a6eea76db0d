import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { freePort } from "#test/support/free_port.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { numberAfter } from "../kernel_files.ts";
import { fillTemplate } from "./config.ts";
import { groupNameOf } from "./group_rules.ts";
import { processes } from "./integration.ts";
import { parseStat } from "./proc_files.ts";

const exporter = Bun.which("prometheus-process-exporter");

/** Sleepers that no other test's rules match. */
async function withSleepers(use: (rule: object) => Promise<void>): Promise<void> {
  const seconds = [1, 2].map(() => String(100_000 + Math.floor(Math.random() * 800_000)));
  const children = seconds.map((each) => Bun.spawn(["sleep", each]));
  // The second name of one of them, so that a group has two.
  children.push(Bun.spawn(["sleep", seconds[0] ?? ""]));
  const rule = {
    name: "{{.ExeBase}} {{.Matches.seconds}}",
    comm: ["sleep"],
    cmdline: [`sleep (?P<seconds>${seconds.join("|")})$`],
  };
  try {
    for (const { pid } of children)
      while (!readFileSync(`/proc/${pid}/stat`, "latin1").includes("(sleep) S")) await Bun.sleep(5);
    await use(rule);
  } finally {
    for (const child of children) child.kill();
    await Promise.all(children.map(({ exited }) => exited));
  }
}

test.skipIf(exporter === null)(
  "processes: series are those of process-exporter, and so are the values of gauges",
  async () => {
    await withSleepers(async (rule) => {
      const folder = mkdtempSync(join(tmpdir(), "processes-"));
      writeFileSync(join(folder, "config.yml"), JSON.stringify({ process_names: [rule] }));
      const address = `127.0.0.1:${await freePort()}`;
      const server = Bun.spawn(
        [
          exporter ?? "",
          `-config.path=${folder}/config.yml`,
          "-threads=false",
          `-web.listen-address=${address}`,
        ],
        { stdout: "ignore", stderr: "ignore" },
      );
      try {
        const theirs = await theirSamples(`http://${address}/metrics`);
        const instance = new InstanceUnderTest(processes, {
          process_names: [rule],
          gather_smaps: true,
        });
        const { samples, families, degraded } = await instance.tick();
        expect(degraded).toEqual([]);
        expect([...samples.keys()].map(sortedLabels).toSorted()).toEqual(
          [...theirs.keys()].filter(isTheirs).toSorted(),
        );
        for (const [key, value] of samples) {
          const family = families.get(key.replace(/\{.*/, ""));
          // What is shared counts less the more processes share it, on this host's other work too.
          if (family?.type !== "gauge" || key.includes("proportional")) continue;
          expect([key, value]).toEqual([key, theirs.get(sortedLabels(key)) ?? Number.NaN]);
        }
        expect(samples.size).toBeGreaterThan(40);
      } finally {
        server.kill();
        await server.exited;
        rmSync(folder, { recursive: true });
      }
    });
  },
);

/** Threads by what they wait for are left out. */
function isTheirs(key: string): boolean {
  return key.startsWith("namedprocess_") && !key.startsWith("namedprocess_namegroup_threads_wchan");
}

/** Once the exporter is up. */
async function theirSamples(url: string): Promise<Map<string, number>> {
  for (let attempt = 0; ; attempt++) {
    const text = await fetch(url)
      .then((response) => response.text())
      .catch(() => "");
    if (text !== "" || attempt > 100)
      return new Map(
        text
          .split("\n")
          .filter((line) => line !== "" && !line.startsWith("#"))
          .map((line) => {
            const at = line.lastIndexOf(" ");
            return [sortedLabels(line.slice(0, at)), Number(line.slice(at + 1))];
          }),
      );
    await Bun.sleep(20);
  }
}

function sortedLabels(key: string): string {
  const [name, labels] = key.split(/[{}]/);
  return labels === undefined ? key : `${name}{${labels.split(",").toSorted().join(",")}}`;
}

test("processes: a group's counters hold what ended, its gauges what is there; all that is shown was collected", async () => {
  await withSleepers(async (rule) => {
    const marker = 100_000 + Math.floor(Math.random() * 800_000);
    const shell = { name: "shell", cmdline: [`: ${marker}`] };
    const instance = new InstanceUnderTest(processes, { process_names: [shell, rule] });
    await instance.tick();
    // Some CPU time, so that there is something to keep; its child belongs to it.
    const busy = Bun.spawn(
      [
        "/bin/sh",
        "-c",
        `: ${marker}; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; sleep 1000 & read x; kill $!`,
      ],
      { stdin: "pipe" },
    );
    const cpu = 'namedprocess_namegroup_cpu_seconds_total{groupname="shell",mode="user"}';
    const count = 'namedprocess_namegroup_num_procs{groupname="shell"}';
    let during = await instance.tick();
    while ((during.samples.get(count) ?? 0) < 2) {
      await Bun.sleep(20);
      during = await instance.tick();
    }
    const used = during.samples.get(cpu) ?? 0;
    expect(used).toBeGreaterThan(0.02);
    void busy.stdin.end();
    await busy.exited;
    while ((during.samples.get(count) ?? 0) > 0) {
      await Bun.sleep(20);
      during = await instance.tick();
    }
    expect(during.samples.get(cpu)).toBeGreaterThanOrEqual(used);
    expectAssets(import.meta.dir, during.samples.keys());
  });
});

test("processes: groups beyond groups_max are refused and told", async () => {
  await withSleepers(async (rule) => {
    const options = { process_names: [rule], groups_max: 1 };
    const { samples, degraded } = await new InstanceUnderTest(processes, options).tick();
    const counts = [...samples].filter(([key]) =>
      key.startsWith("namedprocess_namegroup_num_procs"),
    );
    expect(counts).toHaveLength(1);
    const refused = 3 - (counts[0]?.[1] ?? 0);
    expect(degraded).toEqual([`${refused} processes would be groups beyond groups_max`]);
  });
});

test("parseStat() takes a name with spaces and parentheses, and refuses what is no stat", () => {
  const line = `7 (a) (b c) R 3 7 7 0 -1 4194304 11 0 12 0 13 14 0 0 20 0 5 0 99 8192 21 18446744073709551615`;
  expect(parseStat(line)).toEqual({
    comm: "a) (b c",
    state: "R",
    parent: 3,
    minorFaults: 11,
    majorFaults: 12,
    userTicks: 13,
    systemTicks: 14,
    threads: 5,
    startTicks: 99,
    virtualBytes: 8_192,
    residentPages: 21,
  });
  for (const text of ["", "7 (a", "7 (a) R", ") ("]) expect(parseStat(text)).toBeUndefined();
});

test("numberAfter() finds a key at the start of a line only", () => {
  expect(numberAfter("a: 1\nnonvoluntary: 2\nvoluntary: 3\n", "voluntary:")).toBe(3);
  expect(numberAfter("voluntary: 3\n", "voluntary:")).toBe(3);
  expect(numberAfter("voluntary:\n", "voluntary:")).toBeUndefined();
  expect(numberAfter("Max open files            1024   4096 files\n", "Max open files")).toBe(
    1_024,
  );
});

const rules = (...names: object[]) =>
  processes.config.parse({ process_names: names }).process_names;
const candidate = (comm: string, ...args: string[]) => ({
  pid: 5,
  comm,
  arguments: () => args,
  userName: () => "www",
});
const refused = (rule: object) => !processes.config.safeParse({ process_names: [rule] }).success;

test("groupNameOf() takes the first rule that matches, with comm, exe and cmdline as process-exporter does", () => {
  const java = candidate("java", "/usr/bin/java", "-Dapp=shop", "-jar", "x.jar");
  expect(groupNameOf(java, rules({ exe: ["java"] }))).toBe("java");
  expect(groupNameOf(java, rules({ exe: ["/bin/java"] }))).toBeUndefined();
  expect(groupNameOf(java, rules({ exe: ["/usr/bin/java"], name: "{{.ExeFull}}" }))).toBe(
    "/usr/bin/java",
  );
  expect(
    groupNameOf(
      java,
      rules(
        { comm: ["nginx"] },
        {
          name: "{{.Username}}/{{ .Matches.app }}/{{.PID}}",
          cmdline: ["-Dapp=(?P<app>\\S+)", "jar$"],
        },
      ),
    ),
  ).toBe("www/shop/5");
  const kernelThread = candidate("kworker/0:1");
  expect(groupNameOf(kernelThread, rules({ name: "x", cmdline: [".+"] }))).toBeUndefined();
  expect(groupNameOf(kernelThread, rules({ comm: ["kworker/0:1"] }))).toBe("0:1");
});

test("processes: rules without a selector, with an unknown variable or a broken expression are refused", () => {
  expect(refused({ name: "x" })).toBe(true);
  expect(refused({ name: "{{.StartTime}}", comm: ["x"] })).toBe(true);
  expect(refused({ name: "{{.Matches}}", comm: ["x"] })).toBe(true);
  expect(refused({ cmdline: ["("] })).toBe(true);
  expect(refused({ name: "{{.Matches.a}}", comm: ["x"] })).toBe(false);
  expect(fillTemplate("a {{.Comm}}", () => "$&")).toBe("a $&");
});
