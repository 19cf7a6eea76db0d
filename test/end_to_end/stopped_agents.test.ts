import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { keptFeeds, roomTarget, shownRules } from "#test/support/shown_rules.ts";
import { Stage } from "#test/support/stage.ts";

// An agent that is stopped says so, and rules go on without it; one that is killed is missing.

const stage = new Stage();
afterAll(() => stage.stop());
if (natsServerPath === undefined) console.warn("skipped: needs nats-server");

const rules = [
  { alert: "Hot", expr: "max_over_time(celsius[15s]) > 30" },
  { alert: "HotAnywhere", expr: "max(max_over_time(celsius[15s])) > 30" },
];

test.skipIf(natsServerPath === undefined)(
  "a stopped agent is not missing, also after a restart of the aggregator; a killed one is",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const reconnect = { reconnect_wait: "100ms", reconnect_wait_max: "200ms" };
    writeFileSync(
      stage.path("rules.yaml"),
      stringify({ groups: [{ name: "rooms", interval: "1s", rules }] }),
    );
    const aggregator = {
      role: "aggregator" as const,
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: { servers: [nats.url], ...reconnect },
        ingest: { flush_interval: "1s" },
        fleet: { silent_after: "10s" },
        rules: { files: [stage.path("rules.yaml")], unknown: { late_after: "3s" } },
      },
    };
    let running = await stage.start(aggregator);
    const { rule, firing, missing } = shownRules(() => running.url);
    const rooms = { a: roomTarget(stage, "a", 40), b: roomTarget(stage, "b", 40) };
    const agent = (name: "a" | "b") =>
      stage.start({
        role: "agent",
        name,
        config: {
          data_dir: stage.path(name),
          agent: { name },
          nats: { servers: [nats.url], ...reconnect },
          sources: [],
          global: { scrape_interval: "1s", scrape_timeout: "1s" },
          scrape_configs: [
            { job_name: "rooms", static_configs: [{ targets: [rooms[name].target] }] },
          ],
        },
      });
    const [a, b] = await Promise.all([agent("a"), agent("b")]);
    await until("both alerts", async () => (await firing("Hot")).length === 2, 30_000);
    expect(await a.end("SIGTERM")).toBe(0);
    await b.end("SIGKILL");
    await until("the rule to be unknown", async () => (await missing("Hot")) !== undefined, 30_000);
    expect(await missing("Hot")).toEqual(["b silent"]);
    await until("the end of one alert", async () => (await firing("Hot")).length === 1, 40_000);
    expect([await firing("Hot"), await missing("Hot")]).toEqual([["b"], ["b silent"]]);

    // What an agent said last is in the catalog, and so is what it sends.
    await until(
      "the series of both agents in the catalog",
      () => keptFeeds(stage.path("aggregator", "aggregator", "catalog.db")) === 2,
      60_000,
    );
    await running.end("SIGKILL");
    running = await stage.start(aggregator);
    await until("the killed agent", async () => (await missing("Hot")) !== undefined, 60_000);
    expect(await missing("Hot")).toEqual(["b silent"]);

    // One that was killed comes back, and is stopped: nothing is unknown any more, though nothing comes.
    const { scrapes } = rooms.b.given;
    const second = await agent("b");
    await until("scrapes of b", () => rooms.b.given.scrapes > scrapes + 3, 30_000);
    await until("the alert of b", async () => (await firing("Hot")).includes("b"), 30_000);
    expect(await second.end("SIGTERM")).toBe(0);
    await until("a rule that knows", async () => (await missing("Hot")) === undefined, 30_000);
    await until("the end", async () => (await firing("Hot")).length === 0, 40_000);
    expect((await rule("HotAnywhere")).state).toBe("inactive");

    // Its time as a stopped one is over when it starts again.
    const third = await agent("a");
    await until("the alert of a", async () => (await firing("Hot")).includes("a"), 30_000);
    await third.end("SIGKILL");
    await until("the rule to be unknown", async () => (await missing("Hot")) !== undefined, 30_000);
    expect(await missing("Hot")).toEqual(["a silent"]);
  },
  300_000,
);
