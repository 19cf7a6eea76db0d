import { create } from "@bufbuild/protobuf";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import type { Signal } from "#shared/signals.ts";
import { Catalog } from "../../catalog/catalog.ts";
import { Agents } from "../agents.ts";
import { AgentFeeds } from "./agent_feeds.ts";
import { FeedArchive } from "./feed_archive.ts";
import { MissingAgents } from "./missing_agents.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-missing-"));
afterAll(() => rmSync(folder, { recursive: true }));

const tenant = "default";
const limits = { lateAfterMs: 60_000, giveUpAfterMs: 3_600_000 };
const noLag = { behindMs: 0, backlogItems: 0 };
let catalogs = 0;

function frame(...names: readonly string[]): DecodedMetrics {
  const series = names.map((name): Labels => ({ __name__: name, host: "a" }));
  const row = { schema: { series }, timestampMs: 1, values: Float64Array.of(1), items: 1 };
  return { rows: [row], sparse: [], families: [] };
}

async function opened(file = join(folder, `${catalogs++}.db`)) {
  const catalog = await Catalog.open(`sqlite://${file}`);
  const time = { ms: 1_000_000 };
  const clock = {
    now: () => time.ms,
    monotonic: () => time.ms,
    sleep: () => Promise.resolve(),
  };
  const archive = {
    saveAgent: () => Promise.resolve(),
    listAgents: () => Promise.resolve([]),
    removeAgent: () => Promise.resolve(),
  };
  const agents = await Agents.open(
    archive,
    { silentAfterMs: 30_000, forgetAfterMs: 86_400_000 },
    { clock, isClockTrusted: () => true, log: silentLogger },
  );
  const feeds = new AgentFeeds(tenant, clock.monotonic);
  const known = { agents: new Set(["id-a"]) };
  const feedArchive = await FeedArchive.open({
    catalog,
    tenant,
    clock,
    log: silentLogger,
    feeds,
    known: () => known.agents,
  });
  const lags: Partial<Record<Signal, typeof noLag>> = {};
  const lag = (_: string, signal: Signal) => lags[signal] ?? noLag;
  const missing = new MissingAgents({ tenant, clock, agents, feeds, archive: feedArchive, lag });
  return {
    time,
    lags,
    feeds,
    feedArchive,
    known,
    missing,
    file,
    close: () => catalog.close(),
    heard: (said: { readonly stopping?: boolean } = {}) =>
      agents.heard(create(HeartbeatSchema, { tenant, agent: "id-a", name: "a", ...said })),
    sends: (...names: string[]) =>
      feeds.metricsArrived({ tenant, agent: "id-a", signal: "metrics" }, frame(...names)),
    /** Who is missing, a while later. */
    after: (ms: number) => {
      time.ms += ms;
      return missing.list(limits).map(({ reason, sinceMs }) => `${reason} since ${sinceMs}`);
    },
  };
}

test("an agent without heartbeats is silent since the last one, then late until it has sent data and had time", async () => {
  const { heard, sends, after, missing } = await opened();
  heard();
  expect(after(29_000)).toEqual([]);
  expect(after(1_000)).toEqual(["silent since 1000000"]);
  expect(missing.list(limits)[0]?.signals).toEqual(["metrics", "logs"]);
  heard();
  expect(after(1_000)).toEqual(["late since 1000000"]);
  // It is there again, but has sent nothing.
  for (let i = 0; i < 5; i++) {
    heard();
    expect(after(20_000)).toEqual(["late since 1000000"]);
  }
  expect(missing.hasArrived("id-a")).toBe(false);
  heard();
  sends("up");
  expect(after(1_000)).toEqual([]);
  expect(missing.hasArrived("id-a")).toBe(true);
});

test("an agent whose newest data are older than late_after is late, with the signals that lag", async () => {
  const { heard, sends, after, lags, missing, time } = await opened();
  heard();
  lags.logs = { behindMs: 61_000, backlogItems: 5 };
  expect(after(1_000)).toEqual([`late since ${time.ms - 61_000}`]);
  expect(missing.list(limits)[0]?.signals).toEqual(["logs"]);
  lags.logs = { behindMs: 0, backlogItems: 5 };
  heard();
  expect(after(10_000)).toHaveLength(1);
  heard();
  after(20_000);
  heard();
  after(20_000);
  sends("up");
  heard();
  expect(after(21_000)).toEqual([]);
  // It sends what is new, and an outage has left data that are still to come.
  expect(missing.hasArrived("id-a")).toBe(false);
  lags.logs = noLag;
  expect(missing.hasArrived("id-a")).toBe(true);
});

test("an agent that is missing for longer than give_up_after is on no list, but its data have not arrived", async () => {
  const { heard, after, missing } = await opened();
  heard();
  expect(after(3_599_000)).toHaveLength(1);
  expect(after(2_000)).toEqual([]);
  expect(missing.hasArrived("id-a")).toBe(false);
});

test("an agent that stops on purpose is not missing, until it starts again and falls silent", async () => {
  const { heard, sends, after, missing } = await opened();
  heard();
  sends("up");
  heard({ stopping: true });
  expect(after(1_000)).toEqual([]);
  expect(after(3_600_000)).toEqual([]);
  expect(missing.hasArrived("id-a")).toBe(true);
  heard();
  expect(after(1_000)).toEqual([]);
  expect(after(30_000)).toHaveLength(1);
});

test("an agent that stops with old data unsent stays late, and one that was silent before does not", async () => {
  const { heard, after, lags, time } = await opened();
  heard();
  expect(after(40_000)).toEqual(["silent since 1000000"]);
  heard();
  heard({ stopping: true });
  expect(after(1_000)).toEqual([]);
  heard();
  lags.metrics = { behindMs: 120_000, backlogItems: 5 };
  heard({ stopping: true });
  const sinceMs = time.ms - 120_000;
  expect(after(60_000)).toEqual([`late since ${sinceMs}`]);
});

test("what an agent sends is kept over a restart, until the agent is forgotten", async () => {
  const first = await opened();
  first.heard();
  first.sends("up", "load");
  await first.feedArchive.save();
  const { revision = 0 } = first.feeds.of("id-a") ?? {};
  first.sends("up", "load", "memory");
  expect(first.feeds.of("id-a")?.revision).toBeGreaterThan(revision);
  // One that is new is written more often than others, and when it was quiet for a while.
  await first.feedArchive.save();
  first.time.ms += 25_000;
  await first.feedArchive.save();
  await first.close();

  const second = await opened(first.file);
  const found = await second.missing.feedOf("id-a");
  expect(found?.metric("load")[0]).toEqual({ __name__: "load", host: "a" });
  expect(found?.metric("memory")).toHaveLength(1);
  expect(await second.missing.feedOf("id-b")).toBeUndefined();
  // Frames that are read again after a start bring its series one by one: until then it sends what it sent.
  second.sends("cpu");
  await second.feedArchive.save();
  const joined = await second.missing.feedOf("id-a");
  expect(["memory", "cpu"].map((name) => joined?.metric(name).length)).toEqual([1, 1]);
  await second.close();

  const third = await opened(first.file);
  expect((await third.missing.feedOf("id-a"))?.metric("cpu")).toEqual([]);
  third.sends("memory");
  third.time.ms += 600_001;
  third.sends("memory");
  await third.feedArchive.save();
  third.sends("disk");
  third.time.ms += 25_000;
  await third.feedArchive.save();
  expect((await third.missing.feedOf("id-a"))?.metric("load")).toEqual([]);
  await third.close();

  const fourth = await opened(first.file);
  const names = [...((await fourth.missing.feedOf("id-a"))?.metrics() ?? [])];
  expect([...new Set(names.map((labels) => labels["__name__"]))]).toEqual(["memory", "disk"]);
  fourth.known.agents = new Set();
  await fourth.feedArchive.save();
  await fourth.close();
  const fifth = await opened(first.file);
  expect(await fifth.missing.feedOf("id-a")).toBeUndefined();
  await fifth.close();
});

test("series that an agent no longer sends are not its own an hour later", async () => {
  const { feeds, sends, time } = await opened();
  sends("old");
  for (let minute = 0; minute <= 80; minute += 10) {
    time.ms += 600_001;
    sends("new");
  }
  const feed = feeds.of("id-a");
  await feed?.index();
  expect(feed?.metric("old")).toEqual([]);
  expect(feed?.metric("new").length).toBeGreaterThan(0);
  feeds.metricsArrived({ tenant: "other", agent: "id-o", signal: "metrics" }, frame("x"));
  expect(feeds.of("id-o")).toBeUndefined();
});

test("label sets that several epochs of an agent share count once", async () => {
  const { feeds } = await opened();
  const lane = { tenant, agent: "id-a", signal: "metrics" as const };
  const first = frame("up", "load");
  const [row] = first.rows;
  const series = [...(row?.schema.series ?? [])];
  feeds.metricsArrived(lane, first);
  const again = { timestampMs: 2, values: Float64Array.of(1), items: 1 };
  feeds.metricsArrived(lane, { ...first, rows: [{ schema: { series }, ...again }] });
  expect([...(feeds.of("id-a")?.metrics() ?? [])]).toHaveLength(2);
});

test("streams of logs are noted once each", async () => {
  const { feeds } = await opened();
  const lane = { tenant, agent: "id-a", signal: "logs" as const };
  const batch = { streams: [{ app: "shop" }, { app: "db" }] };
  feeds.logsArrived(lane, batch);
  const revision = feeds.revisionOf("id-a");
  feeds.logsArrived(lane, batch);
  expect(feeds.revisionOf("id-a")).toBe(revision);
  expect([...(feeds.of("id-a")?.streams() ?? [])]).toEqual([{ app: "shop" }, { app: "db" }]);
});

test("where more series come and go than are kept, those of a minute ago are let go", () => {
  let nowMs = 0;
  const feeds = new AgentFeeds(tenant, () => nowMs, 20);
  for (let frames = 0; frames < 9; frames++) {
    nowMs += 30_000;
    const names = Array.from({ length: 6 }, (_, i) => `m_${frames}_${i}`);
    feeds.metricsArrived({ tenant, agent: "id-a", signal: "metrics" }, frame(...names));
  }
  const names = Array.from(feeds.of("id-a")?.metrics() ?? [], ({ __name__: name }) => name);
  expect(names.filter((name) => name?.endsWith("_0"))).toEqual(["m_6_0", "m_7_0", "m_8_0"]);
});
