import { expect, test } from "bun:test";
import { restartKeysOf } from "./restart_keys.ts";

const effects = {
  spool: "restart",
  agent: { name: "restart", labels: "reload" },
  sources: "reload",
} as const;

test("restartKeysOf() names the innermost keys that changed and need a restart", () => {
  const before = {
    spool: { size_max: 1, lanes: { a: 1, b: [1, 2] } },
    agent: { name: "x", labels: { a: "1" } },
    sources: [1],
    other: 1,
  };
  expect(restartKeysOf(effects, before, structuredClone(before))).toEqual([]);
  const after = {
    spool: { size_max: 2, lanes: { a: 1, b: [1, 3] }, path: "/x" },
    agent: { name: "y", labels: { a: "2" } },
    sources: [2],
    other: 2,
  };
  expect(restartKeysOf(effects, before, after)).toEqual([
    "spool.size_max",
    "spool.lanes.b",
    "spool.path",
    "agent.name",
  ]);
});
