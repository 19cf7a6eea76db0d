import { expect, test } from "bun:test";
import { z } from "zod";
import type { Channel } from "../../channels/channel.ts";
import { knownChannel } from "../config/integration.ts";
import { readSmallConfig } from "../config/read_config.ts";
import { type Answer, VirtualPipeline, sentAtOnce } from "./virtual_pipeline.fixture.ts";

const Config = z.strictObject({ send_resolved: z.boolean().default(true) });
const sink: Channel<z.output<typeof Config>> = {
  name: "sink",
  title: "Sink",
  schema: Config,
  complete: (config) => ({ config, mistakes: [] }),
  sendsResolved: (config) => config.send_resolved,
  send: () => Promise.resolve({ kind: "sent", answer: "" }),
};
const configOf = (text: string) => readSmallConfig(text, "am.yml", [knownChannel(sink)]);
const plain = configOf(`
route: {receiver: a, group_by: [team], group_wait: 30s, group_interval: 5m, repeat_interval: 1h}
receivers: [{name: a, sink_configs: [{}]}]
`);
const [second, minute, hour] = [1_000, 60_000, 3_600_000];
const keep = { endsAtMs: 1e12 };
const shown = ({ sent }: VirtualPipeline) =>
  sent.map(({ atMs, reason, alerts }) => `${atMs / second} ${reason}: ${alerts.join(" ")}`);

test("a group is notified after group_wait, then of news each group_interval, and repeated at a tick after repeat_interval", () => {
  const world = new VirtualPipeline({ config: plain });
  world.put({ labels: { alertname: "A", team: "x" }, ...keep });
  world.until(10 * second).put({ labels: { alertname: "B", team: "x" }, ...keep });
  world.until(60 * second).put({ labels: { alertname: "C", team: "x" }, ...keep });
  world.until(20 * minute).put({ labels: { alertname: "B", team: "x" }, endsAtMs: 20 * minute });
  world.until(3 * hour);
  expect(shown(world)).toEqual([
    "30 first notification: A B",
    "330 new alerts added: A B C",
    "1230 some alerts resolved: A -B C",
    // Not older than the interval at 4830.
    "5130 repeat interval elapsed: A C",
    "9030 repeat interval elapsed: A C",
  ]);
  expect(world.sent[0]?.groupKey).toBe('{}:{team="x"}');
});

test("alerts that end within group_wait are not notified, and all that resolve are, once", () => {
  const world = new VirtualPipeline({ config: plain });
  world.put({ labels: { alertname: "A", team: "x" }, endsAtMs: 10 * second });
  world.until(minute);
  expect(world.sent).toEqual([]);
  world.until(10 * minute).put({ labels: { alertname: "A", team: "x" }, endsAtMs: 11 * minute });
  world.until(2 * hour);
  expect(shown(world)).toEqual(["630 first notification: A", "930 all alerts resolved: -A"]);
  expect(world.pipeline.groups).toEqual([]);
});

test("an alert without an end resolves after resolve_timeout unless it comes again", () => {
  const world = new VirtualPipeline({ config: plain });
  for (let ms = 0; ms <= 10 * minute; ms += minute)
    world.until(ms).put({ labels: { alertname: "A", team: "x" } });
  world.until(hour);
  expect(shown(world)).toEqual(["30 first notification: A", "930 all alerts resolved: -A"]);
});

test("an old alert is notified at once", () => {
  const world = new VirtualPipeline({ config: plain });
  world.until(hour).put({ labels: { alertname: "A" }, startsAtMs: 0, ...keep });
  world.until(hour + second);
  expect(world.sent.map(({ atMs }) => atMs)).toEqual([hour]);
});

test("an integration that sends no resolved alerts is logged as notified", () => {
  const config = configOf(`
route: {receiver: a, group_wait: 0s, group_interval: 1m}
receivers: [{name: a, sink_configs: [{send_resolved: false}, {}]}]
`);
  const world = new VirtualPipeline({ config });
  world.put({ labels: { alertname: "A" }, endsAtMs: 90 * second });
  world.until(10 * minute).put({ labels: { alertname: "A" }, ...keep });
  world.until(11 * minute);
  expect(world.sent.map(({ integration, reason }) => `${integration} ${reason}`)).toEqual([
    "sink[0] first notification",
    "sink[1] first notification",
    "sink[1] all alerts resolved",
    "sink[0] first notification",
    "sink[1] first notification",
  ]);
});

const inhibiting = configOf(`
route: {receiver: a, group_by: [alertname], group_wait: 30s, group_interval: 1m}
receivers: [{name: a, sink_configs: [{}]}]
inhibit_rules:
- source_matchers: [severity=critical]
  target_matchers: [severity=~"warning|critical"]
  equal: [cluster]
`);

const of = (alertname: string, severity: string, cluster?: string) => ({
  labels: { alertname, severity, ...(cluster !== undefined && { cluster }) },
  ...keep,
});

test("a target is hidden while a source with the same values fires, and two of both sides hide each other not", () => {
  const world = new VirtualPipeline({ config: inhibiting });
  world.put({ ...of("Source", "critical", "1"), endsAtMs: 90 * second });
  world.put(of("Target", "warning", "1"));
  world.put(of("Elsewhere", "warning", "2"));
  world.put(of("BothSides", "critical", "1"));
  // A label that is not there equals one that is not there.
  world.put(of("SourceWithout", "critical"));
  world.put(of("TargetWithout", "warning"));
  world.until(minute);
  const names = () => world.sent.flatMap(({ alerts }) => alerts).toSorted();
  expect(names()).toEqual(["BothSides", "Elsewhere", "Source", "SourceWithout"]);
  expect(world.suppressed).toEqual({ inhibition: 2 });
  expect(world.pipeline.inhibitedBy({ severity: "warning", cluster: "1" })).toMatch(/^\w{16}$/);
  world.put({ ...of("BothSides", "critical", "1"), endsAtMs: minute });
  world.until(4 * minute);
  expect(names()).toContain("Target");
  expect(names()).not.toContain("TargetWithout");
});

test("silences and time intervals hold notifications back, and resolved alerts leave meanwhile", () => {
  const config = configOf(`
route:
  receiver: a
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1m
  routes:
  - {matchers: [team=night], mute_time_intervals: [early]}
  - {matchers: [team=day], active_time_intervals: [late]}
receivers: [{name: a, sink_configs: [{}]}]
time_intervals:
- {name: early, time_intervals: [{times: [{start_time: '00:00', end_time: '00:10'}]}]}
- {name: late, time_intervals: [{times: [{start_time: '00:20', end_time: '00:30'}]}]}
`);
  const silencer = {
    silencesOf: (labels: Readonly<Record<string, string>>, nowMs: number) =>
      labels["alertname"] === "Silenced" && nowMs < 5 * minute ? ["s1"] : [],
  };
  const world = new VirtualPipeline({ config, silencer });
  world.put({ labels: { alertname: "Silenced" }, ...keep });
  world.put({ labels: { alertname: "Night", team: "night" }, ...keep });
  world.put({ labels: { alertname: "Day", team: "day" }, ...keep });
  world.put({ labels: { alertname: "Gone", team: "night" }, endsAtMs: 2 * minute });
  world.until(minute);
  expect(world.pipeline.groups.map(({ mutedBy }) => mutedBy)).toEqual([
    [],
    ["early"],
    ["early"],
    ["late"],
  ]);
  world.until(hour);
  expect(shown(world)).toEqual([
    "300 first notification: Silenced",
    "600 first notification: Night",
    "1200 first notification: Day",
  ]);
  expect(Object.keys(world.suppressed).toSorted()).toEqual([
    "active_time_interval",
    "mute_time_interval",
    "silence",
  ]);
});

const failing = (isRetried: boolean, retryAfterMs?: number): Answer => ({
  afterMs: 0,
  outcome: {
    kind: "failed",
    reason: "serverError",
    error: "HTTP 503",
    isRetried,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  },
});

test("a failed attempt is retried with growing pauses until the group_interval ends, and again with the next flush", () => {
  const world = new VirtualPipeline({ config: plain, answer: () => failing(true) });
  world.put({ labels: { alertname: "A" }, ...keep });
  world.until(5 * minute + 29 * second);
  expect(world.attempts.slice(0, 4)).toEqual([30_000, 30_500, 31_250, 32_375]);
  expect(world.settled).toEqual([]);
  world.until(5 * minute + 30 * second);
  expect(world.settled[0]?.settled).toEqual({
    kind: "failed",
    reason: "serverError",
    error: "HTTP 503",
    isFinal: false,
  });
  expect(world.attempts.at(-1)).toBe(330_000);
});

test("a final failure is not retried before the next flush, and a wait that the service asks for is kept", () => {
  const final = new VirtualPipeline({ config: plain, answer: () => failing(false) });
  final.put({ labels: { alertname: "A" }, ...keep });
  final.until(331 * second);
  expect(final.attempts).toEqual([30_000, 330_000]);
  const limited = new VirtualPipeline({
    config: plain,
    answer: (delivery) => (delivery.attempts === 1 ? failing(true, 90_000) : sentAtOnce),
  });
  limited.put({ labels: { alertname: "A" }, ...keep });
  limited.until(200 * second);
  expect(limited.attempts).toEqual([30_000, 120_000]);
});

test("an integration that never answers delays no other, and its deliveries are given up", () => {
  const config = configOf(`
route: {receiver: a, group_wait: 0s, group_interval: 1m}
receivers: [{name: a, sink_configs: [{}, {}]}]
`);
  const world = new VirtualPipeline({
    config,
    answer: ({ key }) => (key.integration === "sink[0]" ? undefined : sentAtOnce),
  });
  world.put({ labels: { alertname: "A" }, ...keep });
  world.until(30 * second).put({ labels: { alertname: "B" }, ...keep });
  world.until(61 * second);
  expect(world.sent.map(({ atMs, integration }) => `${integration} ${atMs}`)).toEqual([
    "sink[1] 0",
    "sink[1] 60000",
  ]);
  expect(world.settled.map(({ settled }) => settled.kind)).toEqual(["sent", "failed", "sent"]);
});

test("resolved alerts stay in the group until every integration has heard of them", () => {
  let isDown = false;
  const world = new VirtualPipeline({
    config: plain,
    answer: () => (isDown ? failing(false) : sentAtOnce),
  });
  world.put({ labels: { alertname: "A" }, endsAtMs: 2 * minute });
  world.until(minute);
  isDown = true;
  world.until(20 * minute);
  isDown = false;
  world.until(30 * minute);
  expect(shown(world)).toEqual(["30 first notification: A", "1230 all alerts resolved: -A"]);
});

test("a sink that is down for an hour gets one notification with everything, and nothing is lost", () => {
  const isDown = (ms: number) => ms > 10 * minute && ms < 70 * minute;
  const world = new VirtualPipeline({
    config: plain,
    answer: (_, atMs) => (isDown(atMs) ? failing(true) : sentAtOnce),
  });
  world.put({ labels: { alertname: "A" }, ...keep });
  for (let i = 0; i < 50; i++)
    world.until(10 * minute + i * minute).put({ labels: { alertname: `B${i}` }, ...keep });
  world.until(2 * hour);
  expect(world.sent).toHaveLength(2);
  expect(world.sent[1]?.atMs).toBeGreaterThanOrEqual(70 * minute);
  expect(world.sent[1]?.atMs).toBeLessThan(72 * minute);
  expect(new Set(world.sent.at(-1)?.alerts).size).toBe(51);
});

const alert = (name: string) => ({ labels: { alertname: name } });

test("a clock that is set does not resolve alerts, hold flushes back or put repeats off", () => {
  for (const jumpMs of [24 * hour, -24 * hour]) {
    const world = new VirtualPipeline({ config: plain });
    world.wallAheadMs = 1_000 * hour;
    world.put(alert("A"));
    world.until(minute);
    world.wallAheadMs += jumpMs;
    world.pipeline.clockWasSet(jumpMs);
    world.put(alert("B"));
    for (let ms = minute; ms <= 3 * hour; ms += minute)
      for (const name of ["A", "B"]) world.until(ms).put(alert(name));
    const reasons = world.sent.map(({ reason }) => reason);
    expect(reasons).not.toContain("all alerts resolved");
    expect(reasons).not.toContain("some alerts resolved");
    expect(shown(world).slice(0, 2)).toEqual([
      "30 first notification: A",
      "330 new alerts added: A B",
    ]);
    expect(reasons.filter((reason) => reason === "repeat interval elapsed").length).toBeGreaterThan(
      1,
    );
  }
});

test("a reload regroups alerts, keeps the times of groups and repeats nothing", () => {
  const world = new VirtualPipeline({ config: plain });
  world.put({ labels: { alertname: "A", team: "x" }, ...keep });
  world.until(minute);
  world.pipeline.configure(plain);
  world.put({ labels: { alertname: "B", team: "x" }, ...keep });
  world.until(5 * minute);
  expect(shown(world)).toEqual(["30 first notification: A"]);
  world.until(6 * minute);
  expect(shown(world)[1]).toBe("330 new alerts added: A B");
  world.pipeline.configure(inhibiting);
  world.until(8 * minute);
  expect(world.sent.slice(2).map(({ groupKey }) => groupKey)).toEqual([
    '{}:{alertname="A"}',
    '{}:{alertname="B"}',
  ]);
});

test("after a restart with log and alerts a group is not notified again", () => {
  const before = new VirtualPipeline({ config: plain });
  before.put({ labels: { alertname: "A", team: "x" }, ...keep });
  before.put({ labels: { alertname: "B", team: "x" }, ...keep });
  before.until(minute);
  const entries = before.settled.flatMap(({ settled }) =>
    settled.kind === "sent" ? [settled.entry] : [],
  );
  const after = new VirtualPipeline({ config: plain, entries });
  after.nowMs = 2 * minute;
  after.put({ labels: { alertname: "A", team: "x" }, startsAtMs: 0, ...keep });
  after.until(10 * minute);
  expect(after.sent).toEqual([]);
});

test("alerts and groups beyond the limits are refused", () => {
  const world = new VirtualPipeline({ config: inhibiting, limits: { alertsMax: 3, groupsMax: 2 } });
  for (const alertname of ["A", "B", "C", "D"]) world.put({ labels: { alertname }, ...keep });
  world.until(minute);
  expect(world.sent.map(({ alerts }) => alerts)).toEqual([["A"], ["B"]]);
  expect([...world.pipeline.active()].map(({ labels }) => labels["alertname"])).toEqual([
    "A",
    "B",
    "C",
  ]);
});
