import { expect, test } from "bun:test";
import { agentRow } from "../../client/agent_row.fixture.ts";
import type { RuleRow } from "../../client/alerting.ts";
import type { AgentRow, Lane } from "../../client/query_service.ts";
import {
  agentProblems,
  diskProblems,
  dropProblems,
  laneProblems,
  storageProblems,
  targetProblems,
  unknownProblems,
} from "./find_problems.ts";
import { countProblems, groupProblems } from "./problem.ts";
import { holdingNow } from "./since.ts";

const storedWhole = {
  damaged: [],
  damagedCount: 0,
  damagedItems: 0,
  scrubbedMs: 0,
  scrubDoneBytes: 0,
  scrubTotalBytes: 0,
  removed: [],
};
const lane: Lane = {
  agent: "a",
  signal: "metrics",
  collected: 10,
  stored: 8,
  inFlight: 2,
  dropped: {},
  behindMs: 0,
  backlogItems: 0,
  backlogAgeMs: 0,
};

function row(more: Partial<AgentRow> = {}): AgentRow {
  return agentRow({ lastSeenMs: 5_000, lanes: [lane], ...more });
}

const gap = Number.NaN;
const columns = (values: number[]) => ({
  timesMs: Float64Array.from(values, (_, i) => i * 60_000),
  series: [{ labels: { job: "shop", instance: "h:1" }, values: Float64Array.from(values) }],
  warnings: [],
});

test("holdingNow() tells what holds at the end, and since when, over single gaps", () => {
  expect(holdingNow(columns([gap, gap, gap, gap, 0, gap, 0, 0]))).toMatchObject([
    { sinceMs: 240_000, isOlder: false },
  ]);
  expect(holdingNow(columns([0, 0, 0, 0]))).toMatchObject([{ sinceMs: 0, isOlder: true }]);
  expect(holdingNow(columns([0, 0, gap, gap, gap]))).toEqual([]);
  expect(holdingNow(columns([gap, gap]))).toEqual([]);
});

test("a host that is well is no problem; one that is silent is one since it was seen last, and its targets are not judged", () => {
  expect([...agentProblems([row()]), ...laneProblems([row()])]).toEqual([]);
  const silent = row({ live: false, targetCounts: { down: 3 } });
  expect(agentProblems([silent])).toMatchObject([{ kind: "host_silent", sinceMs: 5_000 }]);
  expect(targetProblems([silent], new Map(), [])).toEqual([]);
});

test("what an agent says of a service that is down is told once, with the service", () => {
  const down = {
    integration: "mysql",
    title: "MySQL",
    instance: "web-1:3306",
    job: "mysql",
    state: "down",
    origin: "detection",
    lastError: "connect ENOENT",
    because: [],
    needs: [],
    snippet: "",
  };
  const faults = ["mysql degraded: MySQL web-1:3306: connect ENOENT", "spool full"];
  const found = agentProblems([row({ faults, services: [down] })]);
  expect(found.map(({ text }) => text)).toEqual(["spool full"]);
  expect(agentProblems([row({ faults })])).toHaveLength(2);
});

test("a target that is down is named with its error and since when, where the agent was asked; else it is counted", () => {
  const target = {
    pool: "shop",
    url: "http://h:1/metrics",
    labels: { job: "shop", instance: "h:1" },
    health: "down",
    lastError: "refused",
    lastScrapeMs: 0,
    durationSeconds: 0,
    samples: 0,
  };
  const brief = row({ targetCounts: { down: 1, up: 2 } });
  const down = holdingNow(columns([gap, gap, gap, 0]));
  const detailed = new Map([["a", row({ targets: [target, { ...target, health: "up" }] })]]);
  expect(targetProblems([brief], detailed, down)).toMatchObject([
    { what: "shop h:1", text: "down: refused", sinceMs: 180_000, href: "/agents/a" },
  ]);
  expect(targetProblems([brief], new Map(), [])).toMatchObject([{ what: "1 target" }]);
});

const dropped = (reason: string) => ({
  labels: { agent: "a", instance: "web-1", signal: "logs", reason },
  value: 12,
  sinceMs: 0,
  isOlder: false,
});

test("an account that does not add up and a late lane are problems; what was dropped by choice is none", () => {
  const lanes = [
    { ...lane, stored: 7 },
    { ...lane, signal: "logs", behindMs: 120_000 },
  ];
  expect(laneProblems([row({ lanes })]).map(({ kind }) => kind)).toEqual(["loss", "late"]);
  expect(dropProblems([dropped("sampling"), dropped("spool_full")])).toMatchObject([
    { text: "dropped 12 lines within the last hour: spool full" },
  ]);
});

test("disks are told of hosts that are there, and of the store once for each file system", () => {
  const full = [
    { labels: { instance: "web-1", mountpoint: "/" }, value: 0.97, sinceMs: 1, isOlder: false },
    { labels: { instance: "gone", mountpoint: "/" }, value: 0.97, sinceMs: 1, isOlder: false },
  ];
  const volume = { freeBytes: 10, sizeBytes: 100, usedBytes: 0, usedBytesMax: 0, path: "/d" };
  const storage = {
    shares: [],
    head: { series: 0, items: [], oldestMs: 0, newestMs: 0 },
    volumes: [
      { ...volume, name: "data" },
      { ...volume, name: "blocks" },
    ],
    url: "",
    trouble: "",
    deletions: 0,
    deletionBytes: 0,
    maintainedMs: 0,
    maintenanceFault: "",
    deletionStopped: "",
    trashFiles: 0,
    trashBytes: 0,
    ...storedWhole,
  };
  const found = diskProblems(full, [row()], storage);
  expect(found.map(({ what, level }) => [what, level])).toEqual([
    ["/", "bad"],
    ["The store's disk", "warn"],
  ]);
});

test("groups hold five lines each, and those with problems come before those with warnings", () => {
  const silent = Array.from({ length: 7 }, (_, i) => row({ agent: `a${i}`, live: false }));
  const problems = [...agentProblems([row({ clockOffsetMs: 9_000 }), ...silent])];
  expect(
    groupProblems(problems).map(({ kind, shown, left }) => [kind, shown.length, left]),
  ).toEqual([
    ["host_silent", 5, 2],
    ["agent", 1, 0],
  ]);
  expect(countProblems(problems)).toBe("7 problems, 1 warning");
});

test("storageProblems() says how many blocks are damaged, and what queries lack", () => {
  const damaged = { id: "b", signal: "logs", bucketMs: 0, minMs: 1, maxMs: 2, detail: "gone" };
  const storage = {
    shares: [],
    head: { series: 0, items: [], oldestMs: 0, newestMs: 0 },
    volumes: [],
    url: "",
    trouble: "",
    deletions: 0,
    deletionBytes: 0,
    maintainedMs: 0,
    maintenanceFault: "",
    deletionStopped: "",
    trashFiles: 0,
    trashBytes: 0,
    ...storedWhole,
  };
  expect(storageProblems(storage)).toEqual([]);
  const found = storageProblems({
    ...storage,
    damaged: [{ ...damaged, items: 1_200, foundMs: 7 }],
    damagedCount: 3,
    damagedItems: 2_400,
  });
  expect(found).toMatchObject([
    { level: "bad", text: "3 blocks are damaged: queries lack 2\u202f400 items", sinceMs: 7 },
  ]);
});

const unknownRule = (name: string, reason: string): RuleRow => ({
  kind: "alerting",
  name,
  group: "g",
  file: "f",
  place: 0,
  query: "up == 0",
  state: "firing",
  labels: {},
  annotations: {},
  forMs: 0,
  keepFiringMs: 0,
  health: "ok",
  lastError: "",
  evaluatedMs: 1,
  tookMs: 1,
  intervalMs: 1,
  alerts: [],
  unknown: { reason, agents: [{ agent: "a", name: "web", reason: "silent", sinceMs: 7 }] },
});

test("unknownProblems() has one line for all rules that lack the same agents", () => {
  const found = unknownProblems([
    unknownRule("A", "web is gone"),
    unknownRule("B", "web is gone"),
    unknownRule("C", "db"),
  ]);
  expect(found).toMatchObject([
    { level: "warn", what: "2 rules", text: "unknown: web is gone", sinceMs: 7 },
    { what: "C", text: "unknown: db" },
  ]);
});
