import { create } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { createLogger } from "#shared/runtime/log.ts";
import { Agents } from "./agents.ts";

test("otherMachinesOffsets() compares agents' clocks with this one as it is now, also after it has jumped or slept", async () => {
  const time = { wallMs: 1_000_000_000, monotonicMs: 5_000, bootMs: 9_000 };
  const pass = (ms: number, isAsleep = false) => {
    time.wallMs += ms;
    time.bootMs += ms;
    if (!isAsleep) time.monotonicMs += ms;
  };
  const agents = await Agents.open(
    {
      saveAgent: () => Promise.resolve(),
      listAgents: () => Promise.resolve([]),
      removeAgent: () => Promise.resolve(),
    },
    { silentAfterMs: 60_000, forgetAfterMs: 3_600_000 },
    {
      clock: {
        now: () => time.wallMs,
        monotonic: () => time.monotonicMs,
        boot: () => ({ id: "here", ms: time.bootMs }),
        sleep: () => Promise.resolve(),
      },
      isClockTrusted: () => true,
      log: createLogger("error", () => {}),
    },
  );
  const heard = (agent: string, boot: string, nowMs = time.wallMs) =>
    agents.heard(
      create(HeartbeatSchema, { tenant: "t", agent, name: agent, nowMs, facts: { boot_id: boot } }),
    );
  heard("beside", "here");
  heard("elsewhere", "there", time.wallMs + 200);
  expect(agents.otherMachinesOffsets()).toEqual([200]);
  pass(1_000);
  expect(agents.otherMachinesOffsets()).toEqual([200]);
  const jumpMs = 60 * 86_400_000;
  time.wallMs += jumpMs;
  expect(agents.otherMachinesOffsets()).toEqual([200 - jumpMs]);
  heard("elsewhere", "there", time.wallMs);
  expect(agents.otherMachinesOffsets()).toEqual([0]);
  // A machine that slept has heard from no agent since.
  pass(8 * 3_600_000, true);
  expect(agents.otherMachinesOffsets()).toEqual([]);
});

test("heard() saves what an agent says when it stops and when it starts again at once, other heartbeats now and then", async () => {
  const saved: boolean[] = [];
  const agents = await Agents.open(
    {
      saveAgent: async ({ heartbeat }) => void saved.push(heartbeat.includes('"stopping":true')),
      listAgents: () => Promise.resolve([]),
      removeAgent: () => Promise.resolve(),
    },
    { silentAfterMs: 60_000, forgetAfterMs: 3_600_000 },
    {
      clock: { now: () => 1_000, monotonic: () => 1_000, sleep: () => Promise.resolve() },
      isClockTrusted: () => true,
      log: createLogger("error", () => {}),
    },
  );
  for (const stopping of [false, false, true, true, false, false])
    agents.heard(create(HeartbeatSchema, { tenant: "t", agent: "a", name: "a", stopping }));
  await agents.close();
  expect(saved).toEqual([false, true, false]);
});
