import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { systemClock } from "#shared/runtime/clock.ts";
import { BacklogShare } from "./backlog_share.ts";

function setUp() {
  let nowMs = 0;
  const share = new BacklogShare({ ...systemClock, monotonic: () => nowMs }, 1_000);
  const heard = (agent: string, backlogBytes: number) =>
    share.heard(create(HeartbeatSchema, { tenant: "t", agent, lanes: [{ backlogBytes }] }));
  return { heard, wait: (ms: number) => void (nowMs += ms) };
}

test("BacklogShare.heard() divides the rate among the agents that have a backlog", () => {
  const { heard } = setUp();
  expect([heard("a", 1), heard("b", 1), heard("c", 0), heard("a", 1)]).toEqual([
    1_000, 500, 500, 500,
  ]);
  expect([heard("b", 0), heard("a", 1)]).toEqual([1_000, 1_000]);
});
test("BacklogShare.heard() forgets an agent that is silent for half a minute", () => {
  const { heard, wait } = setUp();
  heard("a", 1);
  wait(29_000);
  expect(heard("b", 1)).toBe(500);
  wait(2_000);
  expect(heard("b", 1)).toBe(1_000);
});
