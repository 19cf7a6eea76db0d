import { expect, test } from "bun:test";
import { agentRow } from "../../client/agent_row.fixture.ts";
import type { AgentRow } from "../../client/query_service.ts";
import {
  byVersion,
  countStates,
  findAgents,
  fits,
  listAgents,
  versionRank,
  versionShares,
} from "./agent_rows.ts";

const agent = (name: string, more: Partial<AgentRow> = {}): AgentRow =>
  agentRow({
    agent: `id-${name}`,
    name,
    version: "0.10.0",
    facts: { os: "Debian" },
    labels: { site: "north" },
    targetCounts: { up: 3 },
    ...more,
  });

test("byVersion() counts numbers, and puts what came before a release before it", () => {
  const versions = ["0.10.0", "0.9.12", "0.10.0-rc.1", "1.0.0"];
  expect(versions.toSorted(byVersion)).toEqual(["0.9.12", "0.10.0-rc.1", "0.10.0", "1.0.0"]);
});

test("versionRank() orders as byVersion() does", () => {
  const versions = ["0.9.12", "0.10.0-rc.1", "0.10.0", "1.0.0"];
  expect(versions.toReversed().toSorted((a, b) => versionRank(a) - versionRank(b))).toEqual(
    versions,
  );
});

test("countStates() counts an agent with each filter that keeps it", () => {
  const rows = listAgents(
    [agent("a", { live: false, version: "0.9.0" }), agent("b", { targetCounts: { down: 1 } })],
    null,
    null,
  );
  expect(countStates(rows)).toEqual({ silent: 1, failing: 1, outdated: 1, waiting: 0, losing: 0 });
});

test("listAgents() tells which agents could have a newer release", () => {
  const rows = listAgents([agent("a"), agent("b", { version: "0.9.0" })], undefined, null);
  expect(rows.map(({ newer }) => newer)).toEqual([undefined, "0.10.0"]);
  const release = { revision: "0.11.0-7", version: "0.11.0", sequence: 7, publishedMs: 1 };
  const published = { releases: [release], rollouts: [], agents: [] };
  const later = listAgents([agent("a")], undefined, published);
  expect(later[0]?.newer).toBe("0.11.0");
});

test("listAgents() knows nothing of the targets of a silent agent", () => {
  const counts = { targetCounts: { up: 1, down: 2 } };
  const [live, silent] = listAgents(
    [agent("a", counts), agent("b", { ...counts, live: false })],
    null,
    null,
  );
  expect([live?.targetsDown, live?.targetsAll]).toEqual([2, 3]);
  expect(silent?.targetsDown).toBe(0);
  expect(live && fits(live, "failing")).toBe(true);
  expect(silent && fits(silent, "silent")).toBe(true);
});

test("findAgents() wants all words, in names, labels and facts, and the version", () => {
  const rows = listAgents([agent("web-1"), agent("web-2", { version: "0.9.0" })], null, null);
  const names = (...args: [string, "outdated"?, string?]) =>
    findAgents(rows, args[0], args[1], args[2]).map((row) => row.agent.name);
  expect(names("web site=north debian")).toEqual(["web-1", "web-2"]);
  expect(names("web-2 south")).toEqual([]);
  expect(names("", "outdated")).toEqual(["web-2"]);
  expect(names("", undefined, "0.10.0")).toEqual(["web-1"]);
});

test("versionShares() adds up to all, the newest first", () => {
  const all = [agent("a"), agent("b", { version: "0.9.0" }), agent("c"), agent("d")];
  expect(versionShares(listAgents(all, null, null))).toEqual([
    { version: "0.10.0", count: 3, share: 0.75 },
    { version: "0.9.0", count: 1, share: 0.25 },
  ]);
});
