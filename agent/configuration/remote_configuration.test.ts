import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { OperatingError } from "#shared/errors.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { until } from "#test/support/asking.ts";
import type { AgentConfig } from "../config/config.ts";
import { effectiveConfig } from "./effective_config.ts";
import { RemoteConfiguration } from "./remote_configuration.ts";

const folders: string[] = [];
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lapwing-remote-"));
  folders.push(folder);
  await write("scrape_configs: [{job_name: own}]");
});
afterAll(() => Promise.all(folders.map((each) => rm(each, { recursive: true }))));

const write = (rest: string) =>
  writeFile(join(folder, "agent.yaml"), `fleet: {configuration: merged}\n${rest}\n`);

const endless = 1e12;

/** A job named by the revision. */
const wanted = (revision: string, text = `scrape_configs: [{job_name: "${revision}"}]`) => ({
  id: `id-${revision}`,
  layers: [{ name: "base", revision, text }],
});

/** An agent that remembers what it was given, and is unwell with a job "sick". */
class Host {
  jobs: string[] = [];
  reloads = 0;
  refuse: string | undefined;
  #remote: RemoteConfiguration | undefined;

  async start(probationMs = 60_000): Promise<this> {
    const { remote, config } = await RemoteConfiguration.open({
      folder,
      source: "merged",
      effective: (what) => effectiveConfig({ config: join(folder, "agent.yaml") }, what),
      // Seconds go by as milliseconds.
      clock: {
        ...systemClock,
        monotonic: () => 1_000 * systemClock.monotonic(),
        sleep: (ms, signal) => systemClock.sleep(ms / 1_000, signal),
      },
      log: silentLogger,
      probationMs,
    });
    this.jobs = namesOf(config);
    remote.start({
      reload: async (next) => {
        if (namesOf(next).includes(this.refuse ?? ""))
          throw new OperatingError("unavailable", "port 9 is taken");
        this.jobs = namesOf(next);
        this.reloads += 1;
      },
      heartbeat: () =>
        create(HeartbeatSchema, {
          targets: Array.from({ length: this.jobs.includes("sick") ? 2 : 0 }, () => ({
            health: "down",
            url: "http://a",
          })),
        }),
    });
    this.#remote = remote;
    return this;
  }

  get remote(): RemoteConfiguration {
    if (this.#remote === undefined) throw new Error("not started");
    return this.#remote;
  }

  /** "running id, failed id: reason". */
  get told(): string {
    const { runningId, failedId, failedReason } = this.remote.state();
    return [runningId, failedId === "" ? "" : `${failedId}: ${failedReason}`].join(", ");
  }

  async until(told: string): Promise<void> {
    await until(`"${told}"`, () => this.told === told);
  }
}

function namesOf(config: AgentConfig): string[] {
  return config.scrape_configs.map((job) => job.job_name);
}

const memory = async () => JSON.parse(await readFile(join(folder, "configuration.json"), "utf8"));

test("what is told is laid over the file, kept for its owner alone, and there at the next start without anybody", async () => {
  const host = await new Host().start(1_000);
  expect([host.jobs, host.told]).toEqual([["own"], ", "]);
  host.remote.told(wanted("one"));
  await host.until("id-one, ");
  expect(host.jobs).toEqual(["own", "one"]);
  await until("it is good", async () => (await memory()).good?.id === "id-one");
  expect((await stat(join(folder, "configuration.json"))).mode & 0o777).toBe(0o600);
  // Told again, it is no news.
  host.remote.told(wanted("one"));
  await host.remote.stop();
  expect(host.reloads).toBe(1);
  const next = await new Host().start();
  expect([next.jobs, next.told]).toEqual([["own", "one"], "id-one, "]);
  await next.remote.stop();
});

test("one that is invalid, or that runs programs without leave, changes nothing, and is not tried again", async () => {
  const host = await new Host().start(1_000);
  host.remote.told(wanted("one"));
  await until("it is good", async () => (await memory()).good?.id === "id-one");
  host.remote.told(wanted("bad", "global: {scrape_interval: soon}"));
  await until("it failed", () => host.told.startsWith("id-one, id-bad: global.scrape_interval is"));
  host.remote.told(wanted("program", "sources: [{type: command, command: [id]}]"));
  await until("it failed", () => host.told.includes("id-program: sources.0.type: none"));
  expect([host.jobs, host.reloads]).toEqual([["own", "one"], 1]);
  // What failed was withdrawn: heartbeats and the next start say nothing of it any more.
  host.remote.told(wanted("one"));
  await host.until("id-one, ");
  await until("nothing failed", async () => (await memory()).failed === undefined);
  expect(host.reloads).toBe(1);
  await host.remote.stop();
});

test("one that can't be applied, or makes the agent unwell, is left for the last good one", async () => {
  const host = await new Host().start(1_000);
  host.remote.told(wanted("one"));
  await until("it is good", async () => (await memory()).good?.id === "id-one");
  host.refuse = "taken";
  host.remote.told(wanted("taken"));
  await host.until("id-one, id-taken: port 9 is taken");
  expect(host.jobs).toEqual(["own", "one"]);
  host.remote.told(wanted("sick"));
  await host.until(
    "id-one, id-sick: 2 sources or targets fail, 0 did before: http://a: ; http://a: ",
  );
  expect(host.jobs).toEqual(["own", "one"]);
  await host.remote.stop();
  const next = await new Host().start();
  expect(next.told).toStartWith("id-one, id-sick:");
  await next.remote.stop();
});

test("where nothing is wanted, the host's own file is not on trial", async () => {
  await write("scrape_configs: [{job_name: sick}]");
  const host = await new Host().start(1_000);
  host.jobs = [];
  host.remote.told({ id: "id-nothing", layers: [] });
  await host.until("id-nothing, ");
  host.jobs = ["sick"];
  // Longer than a probation and its grace.
  await Bun.sleep(200);
  expect([host.told, host.reloads]).toEqual(["id-nothing, ", 0]);
  host.remote.told(wanted("one"));
  await host.until("id-one, ");
  await host.remote.stop();
});

test("one in whose probation the process ends twice without being asked to is left; one that is stopped is tried on", async () => {
  const first = await new Host().start(1_000);
  first.remote.told(wanted("one"));
  await until("it is good", async () => (await memory()).good?.id === "id-one");
  await first.remote.stop();
  const trying = await new Host().start(endless);
  trying.remote.told(wanted("two"));
  await until("it is tried", async () => (await memory()).trying?.wanted.id === "id-two");
  await trying.remote.stop();
  const stopped = await new Host().start(endless);
  expect(stopped.told).toBe("id-two, ");
  // From here on nobody stops: the process is gone.
  const again = await new Host().start(endless);
  expect(again.told).toBe("id-two, ");
  const last = await new Host().start();
  expect([last.jobs, last.told]).toEqual([
    ["own", "one"],
    "id-one, id-two: the agent ended 2 times while it tried it",
  ]);
  for (const host of [stopped, again, last]) await host.remote.stop();
});

test("a file of the host that became unfit for what was kept, or a memory that is torn, leaves the file alone", async () => {
  await write("probes: {modules: {own: {prober: tcp}}}");
  const host = await new Host().start(1_000);
  host.remote.told(wanted("one", "probes: {checks: [{name: a, module: own, targets: [b]}]}"));
  await until("it is good", async () => (await memory()).good?.id === "id-one");
  await host.remote.stop();
  await write("scrape_configs: [{job_name: own}]");
  const unfit = await new Host().start();
  expect(unfit.jobs).toEqual(["own"]);
  expect(unfit.told).toStartWith(", id-one: probes.checks.0.module is");
  await unfit.remote.stop();
  await writeFile(join(folder, "configuration.json"), "{");
  const torn = await new Host().start();
  expect([torn.jobs, torn.told]).toEqual([["own"], ", "]);
  await torn.remote.stop();
});

test("a file that is read again is laid under what runs, and gives what failed another chance", async () => {
  const host = await new Host().start(1_000);
  host.remote.told(wanted("one", "sources: [{type: command, command: [id]}]"));
  await until("it failed", () => host.told.startsWith(", id-one"));
  await writeFile(
    join(folder, "agent.yaml"),
    "fleet: {configuration: merged, allow_commands: true}",
  );
  expect(namesOf(await host.remote.reread())).toEqual([]);
  await host.until("id-one, ");
  await host.remote.stop();
});
