import { create } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import type { AgentRecord } from "../fleet/agents.ts";
import { AgentWatch } from "./agent_watch.ts";

const tenant = "default";
const silentAfterMs = 30_000;

function record(agent: string, lastSeenMs: number, more: object = {}): AgentRecord {
  const told = { tenant, agent, name: `host-${agent}`, version: "1", startedMs: 1_000, ...more };
  return { heartbeat: create(HeartbeatSchema, told), lastSeenMs, clockOffsetMs: 0 };
}

const kinds = (events: readonly { readonly kind: string }[]) => events.map(({ kind }) => kind);

test("AgentWatch tells of who joins, goes silent, comes back, and is forgotten", () => {
  const watch = new AgentWatch([], { silentAfterMs, nowMs: 0 });
  expect(watch.look([record("a", 1_000)], 1_000)).toMatchObject([
    { kind: "agent_joined", agent: "a", agentName: "host-a", level: "info" },
  ]);
  expect(watch.look([record("a", 5_000)], 6_000)).toEqual([]);
  expect(kinds(watch.look([record("a", 5_000)], 35_000))).toEqual(["agent_silent"]);
  expect(watch.look([record("a", 5_000)], 40_000)).toEqual([]);
  expect(watch.look([record("a", 65_000)], 65_000)).toMatchObject([
    { kind: "agent_back", text: "host-a is back after 1m", details: { away: "1m" } },
  ]);
  expect(kinds(watch.look([], 70_000))).toEqual(["agent_forgotten"]);
  expect(watch.look([], 75_000)).toEqual([]);
});

test("AgentWatch reports an agent that said goodbye as stopped, and its silence as expected", () => {
  const watch = new AgentWatch([record("a", 0)], { silentAfterMs, nowMs: 0 });
  const goodbye = record("a", 5_000, { stopping: true });
  expect(watch.look([goodbye], 6_000)).toMatchObject([
    { kind: "agent_stopped", level: "info", text: "host-a was stopped", agent: "a" },
  ]);
  expect(watch.look([goodbye], 11_000)).toEqual([]);
  expect(watch.look([goodbye], 40_000)).toEqual([]);
  const next = watch.look([record("a", 65_000, { startedMs: 64_000 })], 65_000);
  expect(kinds(next)).toEqual(["agent_back", "agent_restarted"]);
  const silent = watch.look([record("a", 65_000, { startedMs: 64_000 })], 100_000);
  expect(silent).toMatchObject([{ kind: "agent_silent", level: "error" }]);
});

test("AgentWatch is quiet of an agent that was stopped before this process began", () => {
  const stopped = record("a", 990_000, { stopping: true });
  const watch = new AgentWatch([stopped], { silentAfterMs, nowMs: 1_000_000 });
  for (const nowMs of [1_005_000, 1_031_000, 1_100_000])
    expect(watch.look([stopped], nowMs)).toEqual([]);
});

test("AgentWatch gives agents of before its start their time, and is quiet of who was silent before", () => {
  const before = [record("soon", 990_000), record("late", 990_000), record("gone", 1_000)];
  const watch = new AgentWatch(before, { silentAfterMs, nowMs: 1_000_000 });
  expect(watch.look(before, 1_005_000)).toEqual([]);
  const then = [record("soon", 1_010_000), ...before.slice(1)];
  expect(watch.look(then, 1_012_000)).toEqual([]);
  const silent = watch.look([record("soon", 1_030_000), ...before.slice(1)], 1_031_000);
  expect(silent.map(({ kind, agent }) => [kind, agent])).toEqual([["agent_silent", "late"]]);
});

test("AgentWatch tells of versions, restarts, clocks and configurations", () => {
  const watch = new AgentWatch([record("a", 0)], { silentAfterMs, nowMs: 0 });
  const look = (more: object, ms: number, clockOffsetMs = 0) =>
    watch.look([{ ...record("a", ms, more), clockOffsetMs }], ms);
  expect(look({}, 1_000)).toEqual([]);
  expect(kinds(look({ startedMs: 1_500 }, 2_000))).toEqual([]);
  expect(kinds(look({ startedMs: 9_000 }, 10_000))).toEqual(["agent_restarted"]);
  const newer = { startedMs: 20_000, version: "2" };
  expect(look(newer, 21_000)).toMatchObject([
    { kind: "agent_version", details: { from: "1", to: "2" } },
  ]);
  expect(kinds(look(newer, 22_000, 60_000))).toEqual(["clock_jump"]);
  const local = { ...newer, configuration: { runningId: "" } };
  expect(look(local, 23_000, 60_000)).toEqual([]);
  const running = { runningId: "x", running: [{ name: "web", revision: "3" }] };
  expect(look({ ...newer, configuration: running }, 24_000, 60_000)).toMatchObject([
    { kind: "agent_configuration", level: "info", text: "host-a runs configuration web 3" },
  ]);
  const failed = { ...running, failedId: "y", failedReason: "no such key\nmore" };
  expect(look({ ...newer, configuration: failed }, 25_000, 60_000)).toMatchObject([
    { level: "error", text: "host-a does not take what it was given: no such key" },
  ]);
});
