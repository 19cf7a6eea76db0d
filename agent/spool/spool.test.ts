import { afterEach, expect, test } from "bun:test";
import { decodeLogs, encodeLogs } from "#proto/codec/logs.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import { origin } from "#shared/model/position.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { messageOf } from "#shared/errors.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { SpoolText, TestSpool } from "#test/support/spool.ts";
import {
  copyAsCrashed,
  logsOf,
  openTestSpool,
  readAll,
  removeFolder,
  rowOf,
  syncAll,
  temporaryFolder,
  textOf,
} from "#test/support/spool.ts";

import { SpoolConfig } from "./config.ts";
import { Spool } from "./spool.ts";

/** (Bun's own `rejects` waits without letting go of the event loop.) */
const errorOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (thrown: unknown) => messageOf(thrown),
  );
const opened: TestSpool[] = [];
afterEach(async () => {
  for (const { spool, folder } of opened.splice(0)) {
    await spool.close();
    await removeFolder(folder);
  }
});
const open = async (options: SpoolText = {}, folder?: string, clock = systemClock) => {
  const one = await openTestSpool(folder ?? (await temporaryFolder()), options, clock);
  opened.push(one);
  return one.spool;
};
const reopenCrashed = async (options: SpoolText = {}) =>
  open(options, await copyAsCrashed(opened.at(-1)?.folder ?? ""));

test("a lane opens an epoch with its first batch, and counts frames from 1", async () => {
  const spool = await open();
  await spool.logs.write(logsOf("a", "b"));
  await spool.logs.write(logsOf("c"));
  await syncAll(spool);
  const [first, second, third, ...rest] = await readAll(spool, "logs");
  expect(rest).toEqual([]);
  expect(first?.header).toMatchObject({ kind: FrameKind.OPEN, sequence: 1, items: 0 });
  expect(first?.header).toMatchObject({ previousEpoch: 0, previousSequence: 0, itemsTotal: 0 });
  expect(second?.header).toMatchObject({ kind: FrameKind.DATA, sequence: 2, itemsTotal: 2 });
  expect(third?.header).toMatchObject({ sequence: 3, items: 1, itemsTotal: 3 });
  expect(await readAll(spool, "metrics")).toEqual([]);
});

test("frames can't be read before they are synced", async () => {
  const spool = await open({ sync_interval: "1h" });
  await spool.logs.write(logsOf("a"));
  expect(await readAll(spool, "logs")).toEqual([]);
  expect(spool.logs.files.synced.position).toEqual(origin);
  await syncAll(spool);
  expect(await readAll(spool, "logs")).toHaveLength(2);
});

test("frames are synced by themselves, and listeners told", async () => {
  const spool = await open();
  const told = new Promise((resolve) => spool.onFrames(resolve));
  await spool.metrics.write(rowOf(3));
  expect(await told).toBe("metrics");
  expect(await readAll(spool, "metrics")).toHaveLength(2);
});

test("counters, drops and checkpoints survive a kill", async () => {
  const first = await open();
  await first.logs.write(logsOf("a", "b"), { file: "10", other: "1" });
  first.logs.drop("line_too_long", 4);
  await first.logs.write(logsOf("c"), { file: "20", other: "" });
  const last = first.logs.files.oldest?.last;
  const second = await reopenCrashed();
  expect(Object.fromEntries(second.logs.checkpoints())).toEqual({ file: "20" });
  expect(second.logs.drops).toEqual({ line_too_long: 4 });
  await second.logs.write(logsOf("d"));
  await syncAll(second);
  const open2 = (await readAll(second, "logs")).at(-2)?.header;
  expect(open2).toMatchObject({ kind: FrameKind.OPEN, itemsTotal: 3, previousSequence: 3 });
  expect(open2).toMatchObject({ previousEpoch: last?.epoch, checkpoints: { file: "20" } });
  expect(open2?.drops).toEqual({ line_too_long: 4 });
});

test("drops that no frame has told of are kept by close()", async () => {
  const first = await open();
  first.metrics.drop("sample_limit", 7);
  await first.close();
  const second = await reopenCrashed();
  expect(second.metrics.drops).toEqual({ sample_limit: 7 });
});

test("epochs grow even when the clock goes back", async () => {
  let now = 5_000_000;
  const clock = { ...systemClock, now: () => now };
  const spool = await open({}, undefined, clock);
  await spool.logs.write(logsOf("a"));
  now = 1_000;
  spool.logs.newEpoch();
  await syncAll(spool);
  await readAll(spool, "logs");
  spool.logs.newEpoch();
  await spool.logs.write(logsOf("b"));
  await syncAll(spool);
  const epochs = (await readAll(spool, "logs")).map(({ header }) => header.epoch);
  expect(epochs).toEqual([5_000_000, 5_000_000, 5_000_001, 5_000_001]);
});

test("newEpoch() changes nothing for an epoch that nobody has read", async () => {
  const spool = await open();
  await spool.logs.write(logsOf("a"));
  spool.logs.newEpoch();
  await spool.logs.write(logsOf("b"));
  expect(spool.logs.files.count).toBe(1);
});

test("segments roll at segment_size, and everything is read in order across them", async () => {
  const spool = await open({ segment_size: "4KiB" });
  const lines = Array.from({ length: 100 }, (_, i) => `${i}${"x".repeat(500)}`);
  for (const line of lines) await spool.logs.write(logsOf(line));
  await syncAll(spool);
  expect(spool.logs.files.count).toBeGreaterThan(9);
  for (const bytesMax of [1, 3_000, 1 << 20]) {
    const frames = await readAll(spool, "logs", origin, bytesMax);
    const data = frames.filter(({ header }) => header.kind === FrameKind.DATA);
    expect(data.map(textOf)).toEqual(lines);
  }
});

test("segments are read from the disk after a restart, from any place", async () => {
  const first = await open({ segment_size: "64KiB" });
  for (let i = 0; i < 60; i++) await first.logs.write(logsOf(`${i}${"y".repeat(5_000)}`));
  const spool = await reopenCrashed();
  const all = await readAll(spool, "logs");
  expect(all.length).toBeGreaterThan(60);
  for (let i = 0; i < all.length; i += 7) {
    const { epoch, sequence } = all[i]?.header ?? { epoch: 0, sequence: 0 };
    const rest = await readAll(spool, "logs", { epoch, sequence }, 20_000);
    expect(rest.map(textOf)).toEqual(all.slice(i + 1).map(textOf));
  }
});

test("an epoch ends at epoch_age, when data come", async () => {
  let monotonic = 0;
  const clock = { ...systemClock, monotonic: () => monotonic };
  const spool = await open({ epoch_age: "15m" }, undefined, clock);
  await spool.metrics.write(rowOf(1));
  monotonic = 15 * 60_000;
  expect(spool.metrics.files.count).toBe(1);
  await spool.metrics.write(rowOf(1));
  expect(spool.metrics.files.count).toBe(2);
});

test("committed() lets go of whole segments, but not of the newest", async () => {
  const spool = await open({ segment_size: "1KiB" });
  for (let i = 0; i < 20; i++) await spool.logs.write(logsOf("z".repeat(300)));
  await syncAll(spool);
  const all = await readAll(spool, "logs");
  const middle = all[9]?.header ?? { epoch: 0, sequence: 0 };
  await spool.committed("logs", middle);
  expect(spool.logs.files.oldest?.epoch).toBe(middle.epoch);
  await spool.committed("logs", all.at(-1)?.header ?? origin);
  expect(spool.logs.files.count).toBe(1);
  expect(spool.logs.nextAfter(origin).lostReason).toBeUndefined();
});

test("checkpoints that don't fit one frame go on in further ones, and are all recovered", async () => {
  const first = await open();
  const many = Object.fromEntries(
    Array.from({ length: 2_000 }, (_, i) => [`/var/log/${"d".repeat(100)}/${i}`, String(i)]),
  );
  await first.logs.write(logsOf("a"), many);
  const second = await reopenCrashed();
  expect(Object.fromEntries(second.logs.checkpoints())).toEqual(many);
  await second.logs.write(logsOf("b"));
  const third = await reopenCrashed();
  expect(third.logs.checkpoints().size).toBe(2_000);
  expect((await readAll(third, "logs")).filter(({ header }) => header.items > 0)).toHaveLength(2);
});

test("a write after close() is refused", async () => {
  const spool = await open();
  await spool.close();
  expect(await errorOf(spool.logs.write(logsOf("a")))).toContain("closed");
});

test("a folder of another agent is refused", async () => {
  const spool = await open();
  await spool.logs.write(logsOf("a"));
  const folder = await copyAsCrashed(opened.at(-1)?.folder ?? "");
  const parts = {
    clock: systemClock,
    log: silentLogger,
    metrics: createSelfMetrics(),
    tenant: "main",
    agent: "web-2",
    encoders: { metrics: () => ({ encode: () => [] }), logs: () => ({ encode: () => [] }) },
  };
  const config = SpoolConfig.parse({ path: folder });
  expect(await errorOf(Spool.open(config, parts))).toContain("belongs to agent main/web-1");
  await removeFolder(folder);
});

test("a batch that fits no frame is dropped and counted, and its checkpoints go on", async () => {
  const folder = await temporaryFolder();
  const parts = {
    clock: systemClock,
    log: silentLogger,
    metrics: createSelfMetrics(),
    tenant: "main",
    agent: "web-1",
    encoders: { metrics: createMetricsEncoder, logs: () => ({ encode: encodeLogs }) },
  };
  const spool = await Spool.open(SpoolConfig.parse({ path: folder }), parts);
  opened.push({ spool, folder, metrics: parts.metrics });
  await spool.logs.write(logsOf("small"), { at: "5" });
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString("base64");
  await spool.logs.write(logsOf(noise.repeat(40)), { at: "9" });
  await spool.logs.write(logsOf("after"), { at: "14" });
  await spool.metrics.write(rowOf(5));
  await syncAll(spool);
  expect(spool.logs.drops).toEqual({ line_too_long: 1 });
  expect(spool.logs.checkpoints().get("at")).toBe("14");
  const data = (await readAll(spool, "logs")).filter(({ header }) => header.items > 0);
  expect(data.map((frame) => decodeLogs(frame).bodies)).toEqual([
    new TextEncoder().encode("small"),
    new TextEncoder().encode("after"),
  ]);
});
