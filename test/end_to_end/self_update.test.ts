import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { buildAgent } from "#test/support/build_agent.ts";
import { lapwing } from "#test/support/command_line.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedExporter } from "#test/support/numbered.ts";
import { Stage } from "#test/support/stage.ts";
import { Supervisor } from "#test/support/supervisor.ts";

const isSupported =
  process.platform === "linux" && process.arch === "x64" && natsServerPath !== undefined;
const stage = new Stage();
afterAll(() => stage.stop());

/** Standard output of a command that ends well. */
async function told(...args: string[]): Promise<string> {
  const { code, out, err } = await lapwing(args, { cwd: stage.folder });
  if (code !== 0) throw new Error(`lapwing ${args.join(" ")}: ${err}`);
  return out.trim();
}

const Written = z.looseObject({ nats: z.looseObject({}), self_update: z.looseObject({}) });
const State = z.looseObject({
  current: z.looseObject({ revision: z.string() }).optional(),
  trial: z.unknown().optional(),
});

/** NATS, an aggregator that enrols, and an agent's configuration. */
async function world() {
  const keys = stage.path("keys");
  await told("fleet", "init", "--keys", keys, "--resolver-dir", stage.path("jwt"));
  const nats = await startNats(() => readFileSync(`${keys}/nats-server.conf`, "utf8"));
  stage.after(() => nats.stop());
  await told("fleet", "release", "keygen", stage.path("release.key"));
  const publicKey = readFileSync(stage.path("release.key.pub"), "utf8").split("\n")[1];
  const aggregator = await stage.start({
    role: "aggregator",
    name: "aggregator",
    config: {
      data_dir: stage.path("aggregator"),
      nats: { servers: [nats.url], creds_file: `${keys}/aggregator.creds` },
      fleet: { keys, release_keys: [publicKey] },
    },
  });
  const file = stage.path("aggregator.yaml");
  const token = await told("fleet", "token", "create", "-c", file);
  const written = stage.path("enrolled.yaml");
  const enrol = ["agent", "enroll", "--url", aggregator.url, "--token", token];
  await told(...enrol, "--config", written, "--data-dir", stage.path("agent"));
  const enrolled = Written.parse(parse(readFileSync(written, "utf8")));
  const exporter = new NumberedExporter("one");
  stage.after(() => exporter.stop());
  const job = { job_name: "one", static_configs: [{ targets: [exporter.target] }] };
  writeFileSync(
    written,
    stringify({
      ...enrolled,
      listen: "127.0.0.1:0",
      nats: { ...enrolled.nats, reconnect_wait: "100ms" },
      self_update: {
        ...enrolled.self_update,
        enabled: true,
        check_interval: "1s",
        healthy_within: "30s",
      },
      integrations: { detect: false },
      sources: [],
      scrape_configs: [{ ...job, scrape_interval: "1s" }],
    }),
  );
  return { aggregator, file, written };
}

/** Signs and publishes a program; gives its revision. */
async function published(file: string, program: string, release: string): Promise<string> {
  const out = stage.path(`${release}.json`);
  const sign = ["fleet", "release", "sign", "--key", stage.path("release.key")];
  const sequence = release.replaceAll(".", "");
  await told(...sign, "--release", release, "--sequence", sequence, "--out", out, program);
  await told("fleet", "release", "publish", out, program, "-c", file);
  return `${release}-${Number(sequence)}`;
}

const plan = ["--stage", "1", "--soak", "1s", "--grace", "2s", "--apply-timeout", "2m"];
const folder = () => stage.path("agent", "agent", "versions");
const state = () => State.parse(JSON.parse(readFileSync(`${folder()}/state.json`, "utf8")));
const isThere = (name: string) =>
  existsSync(`${folder()}/${name}`) && readdirSync(`${folder()}/${name}`).length > 0;

test.skipIf(!isSupported)(
  "an agent brings itself to a release, also when it is killed on the way, and back from one that ends at once (needs nats-server)",
  async () => {
    const [first, second] = [stage.path("first"), stage.path("second")];
    const [installed, newer, { aggregator, file, written }] = await Promise.all([
      buildAgent(first),
      buildAgent(second, "0.2.0"),
      world(),
    ]);
    const agent = new Supervisor([installed, "--config", written], stage.path("agent.log"));
    stage.after(() => agent.stop());
    const asked = asking(aggregator.url);
    await until(
      "the agent's data",
      async () => (await asked.promql("chaos_number")).length > 0,
      60_000,
    );
    const program = () => readlinkSync(`/proc/${agent.pid}/exe`);
    expect(program()).toBe(installed);
    const rollout = (revision: string) =>
      told("fleet", "release", "rollout", revision, "-c", file, ...plan);
    const ended = (revision: string, how: string) =>
      until(
        `${revision} is ${how}`,
        () => new RegExp(`"revision":"${revision}","state":"${how}"`).test(stage.log("aggregator")),
        120_000,
      );

    // Killed in the midst of the download, and when the other program has been started.
    const good = await published(file, newer, "0.2.0");
    await rollout(good);
    await until("the download", () => isThere("incoming"), 60_000);
    agent.kill();
    await until("the trial", () => state().trial !== undefined, 60_000);
    agent.kill();
    await ended(good, "done");
    expect(state().current?.revision).toBe(good);
    expect(program()).toBe(
      `${folder()}/${readdirSync(folder()).find((name) => name.length === 64)}/lapwing-agent`,
    );

    // A program that tells its version, and ends.
    mkdirSync(stage.path("bad"));
    const bad = stage.path("bad", "lapwing-agent-linux-x64");
    writeFileSync(bad, '#!/bin/sh\n[ "$1" = --version ] && echo 0.3.0\nexit 1\n');
    chmodSync(bad, 0o755);
    const worse = await published(file, bad, "0.3.0");
    await rollout(worse);
    await ended(worse, "rolled_back");
    expect(await told("fleet", "release", "status", "-c", file)).toContain("is rolled_back: ");
    expect(state()).toMatchObject({ current: { revision: good } });
    expect(state().trial).toBeUndefined();
    // What the exporter counts is there up to now, so the agent is.
    const before = (await asked.promql("chaos_number"))[0]?.value ?? 0;
    await until(
      "more data",
      async () => ((await asked.promql("chaos_number"))[0]?.value ?? 0) > before,
      30_000,
    );
    expect(Object.keys((await asked.account("metrics"))?.dropped ?? {})).toEqual([]);
  },
  240_000,
);
