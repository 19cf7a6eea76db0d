import { afterEach, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import { messageOf } from "#shared/errors.ts";
import { origin } from "#shared/model/position.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { canMount } from "#test/support/stage.ts";
import {
  logsOf,
  openTestSpool,
  readAll,
  removeFolder,
  rowOf,
  syncAll,
  temporaryFolder,
  textOf,
} from "#test/support/spool.ts";

const folders: string[] = [];
const mounts: string[] = [];
afterEach(async () => {
  for (const mount of mounts.splice(0)) Bun.spawnSync(["umount", mount]);
  for (const folder of folders.splice(0)) await removeFolder(folder);
});
const newFolder = async (): Promise<string> => {
  const folder = await temporaryFolder();
  folders.push(folder);
  return folder;
};

const stateOf = (lane: { readonly trouble: { readonly state: string } }): string =>
  lane.trouble.state;
const small = { segment_size: "4KiB", size_max: "20KiB" };
const line = (i: number): string => `${i} ${"x".repeat(1_000)}`;

test("at size_max the oldest segment goes, counted, and the loss keeps its name over a restart", async () => {
  const folder = await newFolder();
  const { spool, metrics } = await openTestSpool(folder, small);
  for (let i = 0; i < 40; i++) await spool.logs.write(logsOf(line(i)));
  await syncAll(spool);
  expect(spool.bytes).toBeLessThanOrEqual(20 * 1024);
  const data = (await readAll(spool, "logs")).filter(({ header }) => header.items > 0);
  const first = data[0]?.header.itemsTotal ?? 0;
  expect(first).toBeGreaterThan(10);
  expect(data.map(textOf)).toEqual(
    Array.from({ length: 41 - first }, (_, i) => line(first - 1 + i)),
  );
  const told = await metrics.text();
  expect(told).toContain(
    `lapwing_spool_dropped_items_total{signal="logs",reason="spool_full"} ${first - 1}`,
  );
  // Told by the gap, not by the header: those items were counted in frames already.
  expect(spool.logs.drops).toEqual({});
  expect(spool.logs.nextAfter(origin)).toMatchObject({ lostReason: "spool_full" });
  await spool.close();
  const { spool: again } = await openTestSpool(folder, small);
  expect(again.logs.nextAfter(origin)).toMatchObject({ lostReason: "spool_full" });
  expect(again.logs.nextAfter(data[0]?.header ?? origin).lostReason).toBeUndefined();
  await again.close();
});

test("what is committed goes first, and is no loss", async () => {
  const { spool, metrics } = await openTestSpool(await newFolder(), small);
  for (let i = 0; i < 8; i++) await spool.logs.write(logsOf(line(i)));
  await syncAll(spool);
  const last = (await readAll(spool, "logs")).at(-1)?.header ?? origin;
  await spool.committed("logs", last);
  for (let i = 0; i < 8; i++) await spool.metrics.write(rowOf(1_000));
  expect(await metrics.text()).not.toContain("spool_full");
  await spool.close();
});

test("the part of a dropped segment that was committed is not counted", async () => {
  const { spool, metrics } = await openTestSpool(await newFolder(), small);
  for (let i = 0; i < 3; i++) await spool.logs.write(logsOf(line(i)));
  await syncAll(spool);
  await spool.committed("logs", (await readAll(spool, "logs"))[1]?.header ?? origin);
  for (let i = 3; i < 30; i++) await spool.logs.write(logsOf(line(i)));
  await syncAll(spool);
  const left = (await readAll(spool, "logs")).find(({ header }) => header.items > 0);
  const gone = (left?.header.itemsTotal ?? 0) - 1 - 1;
  expect(await metrics.text()).toContain(`reason="spool_full"} ${gone}`);
  await spool.close();
});

test("with when_full: block a writer waits until something is committed", async () => {
  const { spool } = await openTestSpool(await newFolder(), { ...small, when_full: "block" });
  const lines = Array.from({ length: 40 }, (_, i) => line(i));
  let written = 0;
  const writing = (async () => {
    for (const one of lines) {
      await spool.logs.write(logsOf(one));
      written += 1;
    }
  })();
  const seen: string[] = [];
  let at = origin;
  while (seen.length < lines.length) {
    if (spool.isFull) expect(written).toBeLessThan(lines.length);
    await syncAll(spool);
    const frames = await readAll(spool, "logs", at);
    for (const frame of frames) if (frame.header.kind === FrameKind.DATA) seen.push(textOf(frame));
    at = frames.at(-1)?.header ?? at;
    await spool.committed("logs", at);
    await Bun.sleep(1);
  }
  await writing;
  expect(seen).toEqual(lines);
  await spool.close();
});

test("with when_full: block a batch that is not to wait is refused, alone and behind one that waits", async () => {
  const { spool } = await openTestSpool(await newFolder(), { ...small, when_full: "block" });
  const push = () => spool.logs.write(logsOf(line(1)), {}, "refuse").catch(messageOf);
  let stored = 0;
  let refused: number | string;
  while (typeof (refused = await push()) === "number") stored += refused;
  expect(refused).toBe("the spool is full, and nothing of it is committed");
  const large = crypto.getRandomValues(new Uint8Array(3_000)).toHex();
  const waiting = spool.logs.write(logsOf(large));
  const behind = push();
  while (!spool.isFull) await Bun.sleep(1);
  expect(await behind).toBe("the spool takes no logs: it is full");
  expect(await push()).toBe("the spool takes no logs: it is full");
  await syncAll(spool);
  const frames = await readAll(spool, "logs");
  await spool.committed("logs", frames.at(-1)?.header ?? origin);
  expect(await waiting).toBe(1);
  await syncAll(spool);
  const all = [...frames, ...(await readAll(spool, "logs", frames.at(-1)?.header))];
  const texts = all.filter(({ header }) => header.items > 0).map(textOf);
  expect(texts).toEqual([...Array.from({ length: stored }, () => line(1)), large]);
  await spool.close();
});

test("a writer that waits for room is released by close()", async () => {
  const { spool } = await openTestSpool(await newFolder(), { ...small, when_full: "block" });
  const writing = (async () => {
    for (let i = 0; i < 40; i++) await spool.logs.write(logsOf(line(i)));
  })();
  const outcome = writing.catch((thrown: unknown) => messageOf(thrown));
  while (!spool.isFull) await Bun.sleep(1);
  await spool.close();
  expect(await outcome).toBe("the spool closes");
});

test("segments older than age_max expire, and a clock set forward expires nothing", async () => {
  let now = 1_000_000_000;
  let monotonic = 0;
  const ticks: (() => void)[] = [];
  const clock = {
    now: () => now,
    monotonic: () => monotonic,
    sleep: (ms: number, signal?: AbortSignal) => {
      if (ms < 60_000) return systemClock.sleep(ms, signal);
      const { promise, resolve } = Promise.withResolvers<void>();
      ticks.push(resolve);
      signal?.addEventListener("abort", () => resolve(), { once: true });
      return promise;
    },
  };
  const folder = await newFolder();
  const { spool } = await openTestSpool(
    folder,
    { ...small, age_max: "1h", size_max: "1MiB" },
    clock,
  );
  for (let i = 0; i < 12; i++) await spool.logs.write(logsOf(line(i)));
  const { count } = spool.logs.files;
  now += 365 * 86_400_000;
  ticks.shift()?.();
  await Bun.sleep(20);
  expect(spool.logs.files.count).toBe(count);
  // The tick before is done when the next one waits: it syncs, which takes a while on a busy disk.
  while (ticks.length === 0) await Bun.sleep(1);
  monotonic += 3_700_000;
  ticks.shift()?.();
  while (spool.logs.files.count > 1) await Bun.sleep(1);
  expect(spool.logs.nextAfter(origin).lostReason).toBe("spool_expired");
  await spool.close();
});

test.skipIf(!canMount())(
  "a full disk (tmpfs; needs the right to mount): metrics are counted as dropped, logs wait, nothing is torn, and it recovers",
  async () => {
    const folder = await newFolder();
    await mkdir(join(folder, "disk"));
    const disk = join(folder, "disk");
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]);
    expect(mounted.exitCode).toBe(0);
    mounts.push(disk);
    await writeFile(join(disk, "filler"), new Uint8Array(100 * 1024));
    const { spool, metrics } = await openTestSpool(disk, {
      segment_size: "16KiB",
      size_max: "64MiB",
    });
    await spool.metrics.write(rowOf(10));
    const lines: string[] = [];
    let isWaiting = false;
    const writing = (async () => {
      for (let i = 0; i < 300; i++) {
        isWaiting = true;
        await spool.logs.write(logsOf(line(i)), { at: String(i) });
        isWaiting = false;
        lines.push(line(i));
      }
    })();
    while (stateOf(spool.logs) !== "full") await Bun.sleep(1);
    expect(isWaiting).toBe(true);
    expect(spool.logs.trouble.lastError).toContain("ENOSPC");
    // A sender that can come again does not wait behind the one that waits for room.
    const refused = await spool.logs.write(logsOf(line(1)), {}, "refuse").catch(messageOf);
    expect(refused).toMatch(/^the spool takes no logs: full: .*ENOSPC/);
    while (stateOf(spool.metrics) !== "full") await spool.metrics.write(rowOf(2_000));
    expect(spool.metrics.drops).toEqual({ disk_error: 2_000 });
    expect(await metrics.text()).toContain('reason="disk_error"} 2000');
    const committed = (await readAll(spool, "logs")).at(-1)?.header ?? origin;
    await Bun.write(join(disk, "filler"), "");
    await spool.committed("logs", committed);
    // Room for what waited; then what came before the disk was full is all there, once.
    while (stateOf(spool.logs) !== "ok") await Bun.sleep(5);
    await spool.metrics.write(rowOf(7));
    expect(stateOf(spool.metrics)).toBe("ok");
    await syncAll(spool);
    const rows = await readAll(spool, "metrics");
    expect(rows.at(-1)?.header).toMatchObject({ items: 7 });
    expect(rows.at(-2)?.header).toMatchObject({
      kind: FrameKind.OPEN,
      drops: { disk_error: 2_000 },
    });
    await Bun.spawn(["mount", "-o", "remount,size=4m", disk]).exited;
    await writing;
    await syncAll(spool);
    const held = (await readAll(spool, "logs", committed)).filter(({ header }) => header.items > 0);
    const from = (held[0]?.header.itemsTotal ?? 0) - 1;
    expect(held.map(textOf)).toEqual(lines.slice(from));
    await spool.close();
  },
);
