import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { Stage } from "#test/support/stage.ts";

// Of two agents that end, one says goodbye: its end is no fault.

const stage = new Stage();
afterAll(() => stage.stop());
if (natsServerPath === undefined) console.warn("skipped: needs nats-server");

const Events = z.object({
  events: z
    .array(z.object({ kind: z.string(), level: z.string(), agentName: z.string().default("") }))
    .default([]),
});

test.skipIf(natsServerPath === undefined)(
  "an agent that is stopped is reported as stopped, and one that is killed as silent",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: { servers: [nats.url] },
        fleet: { silent_after: "10s" },
      },
    });
    const [stopped, killed] = await Promise.all(
      ["stopped", "killed"].map((name) =>
        stage.start({
          role: "agent",
          name,
          config: {
            data_dir: stage.path(name),
            agent: { name },
            nats: { servers: [nats.url] },
            sources: [],
          },
        }),
      ),
    );
    const eventsOf = async (name: string): Promise<string[]> => {
      const answer = await fetch(new URL("/lapwing.v1.EventService/ListEvents", aggregator.url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ startMs: Date.now() - 600_000 }),
      });
      return Events.parse(await answer.json())
        .events.filter(({ agentName }) => agentName === name)
        .map(({ kind, level }) => `${kind} ${level}`);
    };
    for (const name of ["stopped", "killed"])
      await until(`${name} to join`, async () =>
        (await eventsOf(name)).includes("agent_joined info"),
      );
    await stopped?.end("SIGTERM");
    await until("the goodbye", async () =>
      (await eventsOf("stopped")).includes("agent_stopped info"),
    );
    await killed?.end("SIGKILL");
    // The other one has been away for longer by then.
    await until(
      "the silence",
      async () => (await eventsOf("killed")).includes("agent_silent error"),
      40_000,
    );
    expect((await eventsOf("stopped")).toSorted()).toEqual([
      "agent_joined info",
      "agent_stopped info",
    ]);
    expect(await eventsOf("killed")).not.toContain("agent_stopped info");
  },
  120_000,
);
