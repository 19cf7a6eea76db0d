import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { integrations } from "#agent/integrations/registry.ts";
import { asking, until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { type Daemon, serverProgram, startDaemon } from "#test/support/daemon.ts";
import { Stage } from "#test/support/stage.ts";
import { instanceLabel } from "#agent/integrations/instance_label.ts";
import { hostName } from "#shared/runtime/config/base_config.ts";

const stage = new Stage();
afterAll(() => stage.stop());
const program = serverProgram("memcached");

const State = z.object({
  integration: z.string(),
  instance: z.string(),
  state: z.string(),
  origin: z.string(),
  lastError: z.string(),
  because: z.array(z.string()),
  snippet: z.string(),
});
const States = z.object({ integrations: z.array(State) });
const Detected = z.object({ agent: z.boolean(), services: z.array(State) });

/** A port below those that the kernel hands out: what listens at one of them is meant to be there. */
function ownPort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      return port;
    } catch {
      // Taken: another one.
    }
  }
}

async function startMemcached(port: number): Promise<Daemon> {
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const address = { hostname: "127.0.0.1", port, socket: { data() {} } };
  return startDaemon([program ?? "", "-l", "127.0.0.1", "-p", `${port}`, ...user], async () => {
    (await Bun.connect(address)).end();
    return true;
  });
}

test.skipIf(program === null)(
  "a service is found and watched without being named, is down when it stops, and up when it is there again",
  async () => {
    const [port, second] = [ownPort(), ownPort()];
    const address = `127.0.0.1:${port}`;
    let server = await startMemcached(port);
    stage.after(() => server.stop());
    const up = await stage.start({
      role: "up",
      name: "up",
      config: {
        data_dir: stage.path("data"),
        sources: [],
        integrations: {
          detect: true,
          detect_interval: "1s",
          interval: "1s",
          // What else runs on this machine is no part of this.
          exclude: Object.keys(integrations).filter((name) => name !== "memcached"),
        },
      },
    });
    const ask = asking(up.url);
    const stateOf = async (instance: string) => {
      const body: unknown = await (await ask.get("/integrations")).json();
      return States.parse(body).integrations.find((each) => each.instance === instance);
    };
    const isUp = async (value: number) => {
      const [one] = await ask.promql(
        `memcached_up{instance="${labelOf(address)}",job="memcached"}`,
      );
      return one?.value === value;
    };
    const found = await until("it is asked", async () => {
      const state = await stateOf(labelOf(address));
      return state?.state === "running" && state;
    });
    expect(found).toMatchObject({ origin: "detection", lastError: "" });
    expect(found.because.join()).toContain("VERSION");
    await until("its series are stored", () => isUp(1));
    const other = await startMemcached(second);
    stage.after(() => other.stop());
    await until("the second one is asked", async () => {
      const state = await stateOf(labelOf(`127.0.0.1:${second}`));
      return state?.state === "running";
    });
    await until("heartbeats tell of both", async () => {
      const { agents } = await ask.rpc.listAgents({});
      const told = agents.flatMap(({ heartbeat }) => heartbeat?.integrations ?? []);
      return told.filter(({ state }) => state === "running").length >= 2;
    });
    await until("it is among the targets", async () => {
      const body = await (await ask.get("/api/v1/targets")).text();
      return body.includes(`memcached://${labelOf(address)}`) && body.includes('"health":"up"');
    });
    await until("it is remembered", () =>
      readFileSync(stage.path("data/agent/integrations.json"), "utf8").includes(address),
    );
    await server.stop();
    await until("it is down, and the reason told", async () => {
      const state = await stateOf(labelOf(address));
      return state?.state === "down" && state.lastError.includes("ECONNREFUSED");
    });
    await until("that is stored", () => isUp(0));
    server = await startMemcached(port);
    await until("it is up again", () => isUp(1));
    const { host: listen } = new URL(up.url);
    const file = stage.path("up.yaml");
    const words = ["agent", "detect", "--json", "--config", file, "--listen", listen];
    const detect = await lapwing(words);
    expect([detect.code, detect.err]).toEqual([0, ""]);
    const told = Detected.parse(JSON.parse(detect.out));
    expect(told.agent).toBe(true);
    const service = told.services.find(({ instance }) => instance === labelOf(address));
    expect(service).toMatchObject({ state: "running", origin: "detection" });
    expect(service?.snippet).toBe(`integrations:\n  memcached:\n    - address: ${address}\n`);
  },
  60_000,
);

function labelOf(place: string): string {
  return instanceLabel(place, hostName());
}
