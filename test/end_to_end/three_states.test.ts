import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const ActiveTargets = z.object({
  data: z.object({
    activeTargets: z.array(
      z.object({ scrapePool: z.string(), health: z.string(), lastError: z.string() }),
    ),
  }),
});

/** A target that can be stopped, and whose second series can end. */
function exporter() {
  const state = { hasBoth: true };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () =>
      new Response(`stays 1\n${state.hasBoth ? "ends 2\n" : ""}`, {
        headers: { "content-type": "text/plain; version=0.0.4" },
      }),
  });
  stage.after(() => server.stop(true));
  const job = (name: string) => ({
    job_name: name,
    scrape_interval: "1s",
    static_configs: [{ targets: [`127.0.0.1:${server.port}`] }],
  });
  return { state, job, stop: () => server.stop(true) };
}

test.skipIf(natsServerPath === undefined)(
  "a series that ended, a target that is down and an agent that is gone are told apart",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: { servers: [nats.url] },
        fleet: { silent_after: "10s", interval: "1s" },
      },
    });
    const [well, ill] = [exporter(), exporter()];
    const agent = await stage.start({
      role: "agent",
      name: "agent",
      config: {
        data_dir: stage.path("agent"),
        nats: { servers: [nats.url] },
        agent: { name: "web-1", labels: { site: "north" } },
        sources: [],
        scrape_configs: [well.job("well"), ill.job("ill")],
      },
    });
    const lapwing = asking(aggregator.url);
    const valueOf = async (query: string) => (await lapwing.promql(query))[0]?.value;
    const healths = async () => {
      const answer = await lapwing.get("/api/v1/targets");
      const { activeTargets } = ActiveTargets.parse(await answer.json()).data;
      return activeTargets.toSorted((a, b) => a.scrapePool.localeCompare(b.scrapePool));
    };
    await until("all is well", async () => (await valueOf("sum(ends) + sum(up)")) === 6);
    await until("the agent is known", async () => (await valueOf("lapwing_agent_up")) === 1);
    await until(
      "its targets are known",
      async () => (await valueOf('lapwing_agent_targets{health="up"}')) === 2,
    );

    well.state.hasBoth = false;
    await until("the series ends", async () => (await valueOf('ends{job="well"}')) === undefined);
    expect(await valueOf('stays{job="well"}')).toBe(1);
    expect(await valueOf('up{job="well"}')).toBe(1);
    expect(await valueOf("lapwing_agent_up")).toBe(1);

    await ill.stop();
    await until("the target is down", async () => (await valueOf('up{job="ill"}')) === 0);
    expect(await valueOf('stays{job="ill"}')).toBeUndefined();
    expect(await valueOf('up{job="well"}')).toBe(1);
    expect(await valueOf("lapwing_agent_up")).toBe(1);
    await until("the aggregator lists it as down", async () => {
      const [down, up] = await healths();
      return down?.health === "down" && up?.health === "up";
    });

    await agent.end("SIGKILL");
    await until("the agent is gone", async () => (await valueOf("lapwing_agent_up")) === 0, 40_000);
    const [gone] = await lapwing.promql("lapwing_agent_up");
    expect(gone?.metric).toMatchObject({ instance: "web-1", site: "north" });
    // Its targets have not been removed: they are unknown, and nothing says that they ended.
    expect(await valueOf("lapwing_agent_targets")).toBeUndefined();
    expect(await valueOf('up{job="well"}')).toBe(1);
    for (const { health, lastError } of await healths()) {
      expect(health).toBe("unknown");
      expect(lastError).toMatch(/^the agent "web-1" has not been heard of since \d{4}-/);
    }
    const { agents } = await lapwing.rpc.listAgents({});
    expect(agents.map(({ status }) => status)).toEqual(["silent"]);
  },
  120_000,
);
