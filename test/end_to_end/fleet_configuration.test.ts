import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { connect, credsAuthenticator } from "nats";
import { parse } from "yaml";
import { z } from "zod";
import { configurationBucket, configurationSubject } from "#proto/bus/subjects.ts";
import { messageOf } from "#shared/errors.ts";
import { asking, until as untilSoon } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedExporter } from "#test/support/numbered.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const Written = z.looseObject({ nats: z.looseObject({ creds_file: z.string() }) });
const Views = z.object({
  agents: z.array(
    z.object({
      agent: z.string(),
      name: z.string(),
      state: z.string(),
      reason: z.string(),
      wanted: z.array(z.object({ revision: z.string() })),
      running: z.array(z.object({ revision: z.string() })),
    }),
  ),
});

/** Heartbeats, turns of the engine and stages add up, on a busy machine too. What starts a command to look is asked less often. */
function until(what: string, find: () => Promise<boolean>, pollMs = 300): Promise<boolean> {
  return untilSoon(what, find, 60_000, pollMs);
}

async function run(...args: string[]) {
  return lapwing(args, { cwd: stage.folder });
}

/** Standard output of a command that ends well. */
async function told(...args: string[]): Promise<string> {
  const { code, out, err } = await run(...args);
  if (code !== 0) throw new Error(`lapwing ${args.join(" ")}: ${err}`);
  return out.trim();
}

function revisions(layers: readonly { readonly revision: string }[]): string {
  return layers.map(({ revision }) => revision).join();
}

function file(name: string, text: string): string {
  writeFileSync(stage.path(name), text);
  return stage.path(name);
}

test.skipIf(natsServerPath === undefined)(
  "what agents are to run goes to one, to all, and back by itself; another's is secret; without NATS the last good one runs (needs nats-server)",
  async () => {
    const keys = stage.path("keys");
    await told("fleet", "init", "--keys", keys, "--resolver-dir", stage.path("jwt"));
    const nats = await startNats(() => readFileSync(`${keys}/nats-server.conf`, "utf8"));
    stage.after(() => nats.stop());
    const reconnecting = { servers: [nats.url], reconnect_wait: "100ms", reconnect_wait_max: "1s" };
    const aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: { ...reconnecting, creds_file: `${keys}/aggregator.creds` },
        fleet: { keys },
      },
    });
    const at = ["-c", stage.path("aggregator.yaml")];
    const configs = new Map<string, Record<string, unknown>>();
    const agents = new Map<string, LapwingProcess>();
    const start = async (name: string) => {
      const config = configs.get(name) ?? {};
      agents.set(name, await stage.start({ role: "agent", name, config }));
    };
    for (const [name, site] of [
      ["n1", "north"],
      ["n2", "north"],
      ["s1", "south"],
    ] as const) {
      const token = await told("fleet", "token", "create", "--label", `site=${site}`, ...at);
      const enrolled = stage.path(`${name}-enrolled.yaml`);
      await told(
        "agent",
        "enroll",
        "--url",
        aggregator.url,
        "--token",
        token,
        "--config",
        enrolled,
        "--data-dir",
        stage.path(name),
        "--set",
        `agent.name=${name}`,
      );
      const written = Written.parse(parse(readFileSync(enrolled, "utf8")));
      configs.set(name, {
        ...written,
        nats: { ...written.nats, ...reconnecting },
        fleet: { configuration: "merged" },
        sources: [],
        integrations: { detect: false },
      });
      await start(name);
    }
    const idOf = (name: string) => readFileSync(stage.path(name, "agent", "id"), "utf8").trim();
    const views = async () => {
      const answer = await fetch(new URL("/api/v1/fleet/agents", aggregator.url));
      return Views.parse(await answer.json()).agents.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    };
    /** "n1 applied 2/2", with the revisions that are wanted and run. */
    const shown = async () =>
      (await views()).map(({ name, state, wanted, running }) => {
        return `${name} ${state} ${revisions(wanted)}/${revisions(running)}`;
      });
    await until("all agents", async () => (await views()).length === 3);

    const exporter = new NumberedExporter("one");
    stage.after(() => exporter.stop());
    const job = (more: string) => `
scrape_configs:
  - {job_name: fleet, scrape_interval: 1s, static_configs: [{targets: ["${exporter.target}"]}]}
${more}`;
    const bad = await run(
      "fleet",
      "config",
      "put",
      "base",
      "--file",
      file("bad.yaml", "nats: {}\nglobal: {scrape_interval: soon}\nnonsense: 1\n"),
      ...at,
    );
    expect(bad.code).toBe(1);
    for (const part of ["nats is", "global.scrape_interval is", "nonsense is 1: no such key"])
      expect(bad.err).toContain(part);

    await told(
      "fleet",
      "config",
      "put",
      "base",
      "--file",
      file("good.yaml", job("")),
      "--labels",
      '{site="north"}',
      ...at,
    );
    const quick = ["--stages", "1", "--soak", "3s", "--grace", "5s", ...at];
    await told("fleet", "config", "rollout", "base", ...quick);
    // One of the two, and the other when that one has run it for a while.
    await until(
      "the first",
      async () => (await shown()).filter((one) => one.endsWith("applied 1/1")).length === 1,
    );
    expect((await shown()).filter((one) => one.endsWith("1/"))).toEqual([]);
    await until(
      "both",
      async () => (await shown()).filter((one) => one.endsWith("applied 1/1")).length === 2,
    );
    expect(await shown()).toEqual(["n1 applied 1/1", "n2 applied 1/1", "s1 applied /"]);
    const configStatus = () => told("fleet", "config", "status", ...at);
    const isDone = async () => / base +1 +done /.test(await configStatus());
    await until("it is done", isDone, 2_000);
    await until("data", async () => {
      const found = await asking(aggregator.url).promql("chaos_number");
      return found.some(({ metric }) => metric["site"] === "north");
    });

    // An agent reads its own, and nothing else of it.
    const creds = Written.parse(configs.get("n1")).nats.creds_file;
    const own = { tenant: "default", agent: idOf("n1") };
    const thief = await connect({
      servers: [nats.url],
      authenticator: credsAuthenticator(readFileSync(creds)),
      inboxPrefix: `_INBOX.default.${own.agent}`,
      reconnect: false,
    });
    const stream = `KV_${configurationBucket("default")}`;
    const others = configurationSubject({ ...own, agent: idOf("n2") });
    const ask = async (subject: string, body = "") => {
      try {
        return (await thief.request(subject, body, { timeout: 1_000 })).string();
      } catch (thrown) {
        return messageOf(thrown);
      }
    };
    const mine = configurationSubject(own);
    const direct = `$JS.API.DIRECT.GET.${stream}`;
    const asked = await ask(`${direct}.${mine}`, JSON.stringify({ last_by_subj: others }));
    expect(asked).not.toContain(idOf("n2"));
    expect(await ask(`${direct}.${mine}`)).toContain('"name":"base"');
    for (const [subject, body] of [
      [`${direct}.${others}`, ""],
      [direct, JSON.stringify({ last_by_subj: others })],
      [`$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify({ last_by_subj: others })],
      [`$JS.API.CONSUMER.CREATE.${stream}`, "{}"],
      [mine, "{}"],
    ] as const)
      expect(await ask(subject, body)).toContain("Permissions Violation");
    const refusal = Promise.withResolvers<string>();
    thief.subscribe(others, { callback: (error) => refusal.resolve(error?.message ?? "") });
    expect(await refusal.promise).toContain("Permissions Violation");
    await thief.close();

    // Valid, but the port is another's: the first agent says so, and has the one before again.
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    stage.after(() => void taken.close());
    const { port } = z.object({ port: z.number() }).parse(taken.address());
    const worse = job(`receivers: {syslog: {tcp_listen: "127.0.0.1:${port}"}}`);
    await told("fleet", "config", "put", "base", "--file", file("worse.yaml", worse), ...at);
    expect(await told("fleet", "config", "diff", "base", ...at)).toContain("+receivers:");
    await told("fleet", "config", "rollout", "base", ...quick);
    const isRolledBack = async () => / base +2 +rolled_back /.test(await configStatus());
    await until("it is rolled back", isRolledBack, 2_000);
    expect(await configStatus()).toContain(String(port));
    await until("all run the one before", async () => {
      const all = await shown();
      return all.filter((one) => one.endsWith(" 1/1")).length === 2;
    });
    expect((await shown()).filter((one) => one.includes("rolled_back"))).toHaveLength(1);

    // Without NATS: what ran is what starts.
    await nats.kill();
    await agents.get("n1")?.end("SIGKILL");
    await start("n1");
    const jobs = await (await fetch(new URL("/targets", agents.get("n1")?.url))).text();
    expect(jobs).toContain(exporter.target);
    expect(existsSync(stage.path("s1", "agent", "configuration.json"))).toBe(true);
    await nats.start();
    await until("it is heard again", async () => {
      return (
        (await shown()).includes("n1 applied 1/1") || (await shown()).includes("n1 rolled_back 1/1")
      );
    });
  },
  240_000,
);
