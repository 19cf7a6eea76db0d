import { expect, test } from "bun:test";
import type { Rollout } from "../../client/fleet.ts";
import {
  commandsFor,
  consequence,
  isOpen,
  progressWords,
  reasonWords,
  stageWords,
} from "./rollout_words.ts";

const rollout: Rollout = {
  id: "1",
  kind: "configuration",
  name: "web",
  revision: "4",
  previous: { revision: "3" },
  plan: { stages: ["1", "10%"], soak: 1, failures_max: 0 },
  state: "running",
  stage: 0,
  reason: "",
  actor: "ann",
  createdMs: 0,
  stateMs: 0,
};

test("stageWords() counts the last stage, which no plan writes", () => {
  const at = (stage: number) => stageWords({ ...rollout, stage });
  expect([at(0), at(1), at(2)]).toEqual([
    "stage 1 of 3: one agent first",
    "stage 2 of 3: 10% of the agents",
    "stage 3 of 3: all agents",
  ]);
  expect(stageWords({ ...rollout, state: "done" })).toBe("");
});

test("consequence() says what agents have afterwards", () => {
  expect(consequence(rollout, "rollback")).toContain("go back to revision 3, at once");
  expect(consequence({ ...rollout, state: "queued" }, "rollback")).toContain("no agent gets it");
  expect(commandsFor({ ...rollout, state: "rolled_back" })).toEqual([]);
  expect(commandsFor({ ...rollout, state: "paused" })).toEqual(["resume", "rollback"]);
});

test("reasonWords() says what soaking is, and other reasons as they are", () => {
  const soak = { ...rollout, plan: { ...rollout.plan, soak: 300_000 } };
  expect(reasonWords({ ...soak, reason: "soaking" })).toContain("run well for 5 min before");
  expect(reasonWords({ ...soak, reason: "1 failed" })).toBe("1 failed");
});

test("isOpen() keeps what failed in sight for a day", () => {
  const hour = 3_600_000;
  const ended = { ...rollout, endedMs: 0 };
  expect(isOpen(rollout, 1e15)).toBe(true);
  expect(isOpen({ ...ended, state: "done" }, 2 * hour)).toBe(false);
  expect(isOpen({ ...ended, state: "rolled_back" }, 2 * hour)).toBe(true);
});

test("progressWords() leaves out what no agent is", () => {
  const agents = ["applied", "applied", "waiting"].map((state) => ({
    agent: "",
    state,
    reason: "",
  }));
  expect(progressWords(agents, false)).toBe("2 of 3 run it, 1 waits");
  expect(progressWords(agents, true)).toBe("2 of 3 run it, 1 never got it");
  expect(progressWords([], false)).toBe("");
});
