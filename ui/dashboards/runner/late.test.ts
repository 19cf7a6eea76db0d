import { expect, test } from "bun:test";
import type { Lane } from "../../client/query_service.ts";
import type { Frame } from "../../frames/frame.ts";
import { incompleteOf, lateIn, lateLanes, lateOf, lateWords, type Late } from "./late.ts";

const nowMs = 1_000_000_000;
const lane = (agent: string, given: Partial<Lane>): Lane => ({
  agent,
  signal: "metrics",
  collected: 0,
  stored: 0,
  inFlight: 0,
  dropped: {},
  behindMs: 0,
  backlogItems: 0,
  backlogAgeMs: 0,
  ...given,
});
const lanes = lateLanes(
  [
    lane("a", { behindMs: 15_000 }),
    lane("b", { behindMs: 90_000 }),
    lane("c", { backlogItems: 1_234, backlogAgeMs: 600_000 }),
    lane("d", { signal: "logs", behindMs: 300_000 }),
  ],
  (agent) => `host-${agent}`,
  nowMs,
);
const late: Late = { lanes, hosts: new Set(["host-a", "host-b", "host-c", "host-d"]) };
const window = { startMs: nowMs - 3_600_000, endMs: nowMs };
const metrics = new Set(["metrics"]);

function frame(labels: Record<string, string>): Frame {
  const field = { type: "number", labels, options: {}, values: Float64Array.of(1) } as const;
  return { ref: "A", name: "", length: 1, notices: [], fields: [{ ...field, name: "v" }] };
}
const hostsIn = (frames: readonly Frame[], signals = metrics, within = window) =>
  lateIn(frames, signals, within, late).map(({ host }) => host);

test("a lane is late that waits for longer than the uplink waits always", () => {
  expect(lanes).toEqual([
    { host: "host-b", signal: "metrics", startMs: nowMs - 90_000, items: 0 },
    { host: "host-c", signal: "metrics", startMs: nowMs - 600_000, items: 1_234 },
    { host: "host-d", signal: "logs", startMs: nowMs - 300_000, items: 0 },
  ]);
});

test("a picture is not complete by the hosts of its series; by all where one says none, or none that is known", () => {
  expect(hostsIn([frame({ instance: "host-a" })])).toEqual([]);
  expect(hostsIn([frame({ instance: "host-a" }), frame({ host: "host-b" })])).toEqual(["host-b"]);
  expect(hostsIn([frame({ instance: "10.0.0.1:9100" })])).toEqual(["host-b", "host-c"]);
  expect(hostsIn([frame({ mode: "idle" })])).toEqual(["host-b", "host-c"]);
  expect(hostsIn([], new Set(["logs"]))).toEqual(["host-d"]);
});

test("what lies before all that is late is complete", () => {
  const before = { startMs: 0, endMs: nowMs - 700_000 };
  expect(hostsIn([], metrics, before)).toEqual([]);
  const part = { startMs: nowMs - 300_000, endMs: nowMs };
  expect(incompleteOf(lateIn([], metrics, part, late), part)).toEqual([part]);
  expect(incompleteOf(lateIn([], metrics, window, late), window)).toEqual([
    { startMs: nowMs - 600_000, endMs: nowMs },
  ]);
  expect(incompleteOf([], window)).toEqual([]);
});

test("lateWords() says of whom, how much, and since when", () => {
  expect(lateWords(lateIn([], metrics, window, late), String)).toBe(
    `Not complete since ${nowMs - 600_000}: 1,234 items of host-b, host-c have not arrived yet.`,
  );
});

test("lateOf() tells of one host's signal, and of a window that reaches into what is late", () => {
  expect(lateOf("host-c", "metrics", window, late).map(({ host }) => host)).toEqual(["host-c"]);
  expect(lateOf("host-c", "logs", window, late)).toEqual([]);
  expect(lateOf("host-a", "metrics", window, late)).toEqual([]);
  const before = { startMs: window.startMs, endMs: nowMs - 700_000 };
  expect(lateOf("host-c", "metrics", before, late)).toEqual([]);
});
