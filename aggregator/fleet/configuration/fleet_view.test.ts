import { create } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { WrittenPlan } from "../rollout/plan.ts";
import type { Rollout, RolloutAgentState } from "../rollout/rollout.ts";
import { stateOf } from "./fleet_view.ts";

const configuration = {
  source: "merged",
  runningId: "now",
  running: [{ name: "a", revision: "1" }],
};
const heartbeat = create(HeartbeatSchema, { tenant: "default", agent: "web-1", configuration });
const record = { heartbeat, lastSeenMs: 0, clockOffsetMs: 0 };
const wanted = { id: "now", layers: [{}] };

function rollout(name: string, createdMs: number, state: RolloutAgentState) {
  const of: Rollout = {
    id: `${name}-${createdMs}`,
    tenant: "default",
    kind: "configuration",
    name,
    revision: "1",
    previous: undefined,
    plan: WrittenPlan.parse({}),
    state: state === "returned" ? "rolled_back" : "done",
    stage: 0,
    reason: `${name} failed`,
    actor: "test",
    createdMs,
    startedMs: createdMs,
    endedMs: createdMs,
    stateMs: createdMs,
    version: 1,
  };
  const agent = {
    agent: "web-1",
    place: 0,
    state,
    stage: 0,
    givenMs: 0,
    appliedMs: 0,
    unhealthySinceMs: 0,
    baseline: undefined,
    reason: state === "failed" ? "port 9 is taken" : "",
  };
  return { rollout: of, agents: [agent] };
}

test("an agent's state is that of the newest rollout that reached it, in any order", () => {
  const [back, done] = [rollout("a", 1, "returned"), rollout("b", 2, "applied")];
  const applied = { state: "applied", reason: "" } as const;
  expect(stateOf(record, wanted, [back])).toEqual({ state: "rolled_back", reason: "a failed" });
  expect(stateOf(record, wanted, [back, done])).toEqual(applied);
  expect(stateOf(record, wanted, [done, back])).toEqual(applied);
  expect(stateOf(record, wanted, [rollout("a", 1, "failed"), done])).toEqual(applied);
  // One whose turn has not come says nothing.
  expect(stateOf(record, wanted, [back, rollout("b", 2, "waiting")]).state).toBe("rolled_back");
  expect(stateOf(record, wanted, [done, rollout("a", 3, "failed")])).toEqual({
    state: "failed",
    reason: "port 9 is taken",
  });
});
