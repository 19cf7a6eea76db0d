import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { openAgentRole } from "#agent/role.ts";
import { agentShape } from "#agent/config/config.ts";
import { agentKeyEffects } from "#agent/config/restart_keys.ts";
import { aggregatorShape } from "#aggregator/config/config.ts";
import { aggregatorKeyEffects } from "#aggregator/config/restart_keys.ts";
import { processPressure } from "#shared/runtime/process/memory_pressure.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import type { ConfigFlags } from "#shared/runtime/config/config_file.ts";
import { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { OpenedRole } from "#shared/runtime/role.ts";
import { Stage } from "#test/support/stage.ts";
import { openUpRole, upKeyEffects } from "#up_role.ts";

// What a reload answers of keys that changed, in every part of the configuration.

const stage = new Stage();
afterAll(async () => {
  await stage.stop();
  // Roles of this process set it; tests of other files must not meet it.
  processPressure.setHigh(Infinity);
});

const first = {
  data_dir: stage.path("data"),
  log: { level: "error" },
  integrations: { detect: false },
  nats: { servers: ["nats://127.0.0.1:1"] },
  sources: [],
};
/** One change in each key that is read at the start alone. */
const atStart = {
  listen: "127.0.0.1:1",
  data_dir: stage.path("other"),
  tenant: "other",
  memory_high: "2GiB",
  lifecycle: { quit: true },
  log: { level: "warn" },
  agent: { name: "other", series_limit: 5 },
  receivers: { memory_max: "128MiB" },
  spool: { sync_interval: "2s" },
  nats: { servers: ["nats://127.0.0.1:2"] },
  uplink: { backlog_after: "30s" },
  self_update: { check_interval: "40s" },
  storage: { out_of_order_time_window: "1h" },
  ingest: { flush_interval: "3s" },
  query: { sql: { rows_max: 5 } },
  rules: { memory_max: "64MiB" },
  alertmanager: { data_retention: "1h" },
  dashboards: { interval: "6s" },
  fleet: { release_keys: ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"] },
  streams: { max_age: "3h" },
};
/** One in others. */
const atOnce = {
  http: { hosts: ["lapwing.test"] },
  agent: { labels: { a: "b" } },
  global: { scrape_interval: "20s" },
  logs: { processors: [{ type: "logfmt" }] },
  rules: { evaluation_interval: "20s" },
  sources: [{ type: "file_logs", paths: [stage.path("x.log")] }],
  receivers: { syslog: { labels: { a: "b" } } },
};

async function reloading(open: (flags: ConfigFlags, lifecycle: Lifecycle) => Promise<OpenedRole>) {
  const lifecycle = new Lifecycle(systemClock);
  const config = stage.path("lapwing.yaml");
  const write = (document: object) => writeFileSync(config, JSON.stringify(document));
  write({ ...first, listen: "127.0.0.1:0" });
  const { role } = await open({ config }, lifecycle);
  const url = lifecycle.serve(role.routes, role.pushes);
  return {
    reload: async (change: object) => {
      write({ ...first, listen: "127.0.0.1:0", ...change });
      const answer = await fetch(new URL("/-/reload", url), { method: "POST" });
      return { status: answer.status, text: await answer.text() };
    },
    stop: async () => {
      await role.stop();
      await lifecycle.close();
    },
  };
}

/** Keys that the answer names. */
function named(text: string): string[] {
  const [, keys = ""] = /^these keys take effect after a restart: (.*)\n$/.exec(text) ?? [];
  return keys.split(", ");
}

test("every key of the configuration says whether a reload takes it over", () => {
  expect(Object.keys(agentKeyEffects).toSorted()).toEqual(Object.keys(agentShape()).toSorted());
  expect(Object.keys(aggregatorKeyEffects).toSorted()).toEqual(
    Object.keys(aggregatorShape).toSorted(),
  );
  const notAtOnce = Object.entries(upKeyEffects).filter(([, effect]) => effect !== "reload");
  expect(notAtOnce.map(([key]) => key).toSorted()).toEqual(Object.keys(atStart).toSorted());
});

test("a reload of up answers with the keys that wait for a restart, until they have their old values", async () => {
  const up = await reloading((flags, lifecycle) =>
    openUpRole(flags, lifecycle, {
      uiFolder: undefined,
      boards: async () => [],
      providedRules: async () => [],
    }),
  );
  try {
    expect(await up.reload({})).toEqual({ status: 200, text: "" });
    const { status, text } = await up.reload(atStart);
    const keys = named(text);
    expect([status, keys]).toEqual([
      200,
      expect.arrayContaining(["fleet.release_keys", "uplink.backlog_after"]),
    ]);
    const tops = new Set(keys.map((key) => key.split(".")[0] ?? ""));
    expect([...tops].toSorted()).toEqual(Object.keys(atStart).toSorted());
    // Again: they still wait.
    expect(named((await up.reload(atStart)).text)).toEqual(keys);
    expect(await up.reload(atOnce)).toEqual({ status: 200, text: "" });
  } finally {
    await up.stop();
  }
}, 60_000);

test("an agent names its own keys, and not those that only an aggregator reads", async () => {
  const agent = await reloading(openAgentRole);
  try {
    expect(await agent.reload(atOnce)).toEqual({ status: 200, text: "" });
    const keys = named((await agent.reload({ ...atStart, fleet: { release_keys: ["x"] } })).text);
    expect(keys).toContain("uplink.backlog_after");
    expect(keys.filter((key) => /^(?:fleet|streams|query|ingest|dashboards)\./.test(key))).toEqual(
      [],
    );
  } finally {
    await agent.stop();
  }
}, 60_000);
