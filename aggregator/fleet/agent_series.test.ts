import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { AgentSeries } from "./agent_series.ts";
import { Agents } from "./agents.ts";

const [intervalMs, silentAfterMs, forgetAfterMs] = [15_000, 30_000, 600_000];

async function world() {
  const time = { nowMs: 1_000_000_000, passedMs: 0, isListening: true, isTrusted: true };
  const removed: string[] = [];
  const saved: string[] = [];
  const archive = {
    saveAgent: ({ agent }: { agent: string }) => Promise.resolve(void saved.push(agent)),
    listAgents: () => Promise.resolve([]),
    removeAgent: ({ agent }: { agent: string }) => Promise.resolve(void removed.push(agent)),
  };
  const clock = {
    now: () => time.nowMs,
    monotonic: () => time.passedMs,
    sleep: () => Promise.resolve(),
  };
  const times = { silentAfterMs, forgetAfterMs };
  const isClockTrusted = () => time.isTrusted;
  const given = { clock, isClockTrusted, log: silentLogger };
  const agents = await Agents.open(archive, times, given);
  const isListening = () => time.isListening;
  const series = new AgentSeries({ agents, clock, isListening, intervalMs, silentAfterMs });
  return {
    time,
    series,
    removed,
    saved,
    agents,
    heard: (agent: string, more: Parameters<typeof create<typeof HeartbeatSchema>>[1] = {}) =>
      agents.heard(
        create(HeartbeatSchema, {
          tenant: "t",
          agent,
          name: `host-${agent}`,
          nowMs: time.nowMs,
          ...more,
        }),
      ),
    /** Goes on by so much, and gives the samples of that moment, one text each. */
    after: (ms: number): string[] => {
      time.nowMs += ms;
      time.passedMs += ms;
      return series.due(time.nowMs).flatMap(({ data }) =>
        data.metrics.flatMap(({ rows }) =>
          rows.flatMap(({ schema, values }) => {
            const words = wordsOf(values);
            return schema.series.flatMap(({ __name__: name, agent, health }, i) => {
              if (isAbsent(words, i)) return [];
              const value = isStale(words, i) ? "ends" : String(values[i]);
              return [`${agent} ${name}${health === undefined ? "" : `/${health}`} ${value}`];
            });
          }),
        ),
      );
    },
  };
}

const ups = (samples: readonly string[]) =>
  samples.filter((one) => one.includes("lapwing_agent_up"));

test("an agent that beats is up, and one that ceases to is not, with what it told last taken back", async () => {
  const { after, heard } = await world();
  heard("a", { targetCounts: [{ pool: "p", health: "down", count: 3 }] });
  expect(after(15_000)).toContain("a lapwing_agent_targets/down 3");
  heard("a");
  expect(ups(after(15_000))).toEqual(["a lapwing_agent_up 1"]);
  const gone = after(15_000);
  expect(ups(gone)).toEqual(["a lapwing_agent_up 0"]);
  expect(gone).toContain("a lapwing_agent_targets/down ends");
  expect(after(15_000).filter((one) => one.includes("targets"))).toEqual([]);
  heard("a");
  expect(ups(after(15_000))).toEqual(["a lapwing_agent_up 1"]);
});

test("there is one row an interval, however often it is asked for", async () => {
  const { after, heard } = await world();
  heard("a");
  expect(after(15_000)).not.toEqual([]);
  expect(after(1_000)).toEqual([]);
});

test("while nothing can be heard nobody is said to be gone, nor in the first while after", async () => {
  const { after, heard, time } = await world();
  heard("a");
  expect(ups(after(15_000))).toEqual(["a lapwing_agent_up 1"]);
  time.isListening = false;
  expect(ups(after(60_000))).toEqual(["a lapwing_agent_up ends"]);
  time.isListening = true;
  expect(ups(after(15_000))).toEqual([]);
  heard("b");
  expect(ups(after(15_000))).toEqual(["b lapwing_agent_up 1"]);
  heard("b");
  expect(ups(after(15_000))).toEqual(["a lapwing_agent_up 0", "b lapwing_agent_up 1"]);
});

test("an agent that is not heard of for very long is forgotten: its series end, and it is on no list", async () => {
  const { after, heard, agents, removed } = await world();
  heard("a");
  for (let ms = 0; ms < forgetAfterMs; ms += intervalMs) after(intervalMs);
  heard("b");
  expect(ups(after(intervalMs))).toEqual(["a lapwing_agent_up ends", "b lapwing_agent_up 1"]);
  expect(agents.list("t").map(({ heartbeat }) => heartbeat.agent)).toEqual(["b"]);
  await agents.close();
  expect(removed).toEqual(["a"]);
});

test("a clock that jumps forgets no agent, and makes none live or silent", async () => {
  const { after, heard, agents, removed, saved, time } = await world();
  const live = () =>
    agents
      .list("t")
      .filter((record) => agents.isLive(record))
      .map(({ heartbeat }) => heartbeat.agent);
  heard("a");
  for (let ms = 0; ms < 60_000; ms += intervalMs) after(intervalMs);
  heard("b");
  time.isTrusted = false;
  time.nowMs += 60 * 86_400_000;
  expect(ups(after(intervalMs))).toEqual(["a lapwing_agent_up 0", "b lapwing_agent_up 1"]);
  expect(live()).toEqual(["b"]);
  heard("b");
  time.nowMs -= 2 * 60 * 86_400_000;
  after(3 * intervalMs);
  expect(live()).toEqual([]);
  heard("b");
  expect(live()).toEqual(["b"]);
  expect(agents.list("t").map(({ heartbeat }) => heartbeat.agent)).toEqual(["a", "b"]);
  await agents.close();
  expect(removed).toEqual([]);
  // Also while the clock is behind.
  expect(saved).toEqual(["a", "b", "b"]);
});

const items = (samples: readonly string[]) => samples.filter((one) => one.includes("_items_"));

test("the loss account is told of agents that are known, also once they are gone", async () => {
  const { after, heard, series } = await world();
  const account = { signal: "metrics", collected: 10, stored: 6, inFlight: 1 } as const;
  series.tellAccounts(() => [
    { ...account, agent: "a", dropped: { series_limit: 3 } },
    { ...account, agent: "aggregator", dropped: {} },
  ]);
  heard("a");
  const told = [
    "a lapwing_agent_collected_items_total 10",
    "a lapwing_agent_stored_items_total 6",
    "a lapwing_agent_dropped_items_total 3",
  ];
  expect(items(after(15_000))).toEqual(told);
  after(15_000);
  expect(items(after(15_000))).toEqual(told);
});
