import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import {
  copyAsCrashed,
  logsOf,
  openTestSpool,
  removeFolder,
  temporaryFolder,
} from "#test/support/spool.ts";
import { lookAtSpool } from "./spool_look.ts";
import { spoolStatus } from "./spool_status.ts";

const bounds = { size_max: 512 * 1_024 ** 2, age_max: 7 * 86_400_000 };

test("the spool tells what waits, since when, and what is dropped, running or not", async () => {
  const folder = await temporaryFolder();
  const { spool } = await openTestSpool(folder);
  await spool.logs.write(logsOf("a", "b"));
  await spool.logs.sync();
  const first = spool.logs.files.synced.position;
  await spool.logs.write(logsOf("c", "d", "e"));
  spool.logs.drop("redaction", 4);
  await spool.logs.write(logsOf("f"));
  await spool.logs.sync();
  await spool.committed("logs", first);
  const nowMs = Date.now();
  const live = await spoolStatus(spool, bounds, () => ({ spool_full: 1 }), nowMs);
  const [metrics, logs] = live.lanes;
  expect(metrics).toMatchObject({ collected: 0, waiting: 0, oldestMs: 0, state: "ok" });
  // What the spool let go was in a frame: it is counted with those.
  expect(logs).toMatchObject({
    collected: 10,
    waiting: 4,
    dropped: { redaction: 4, spool_full: 1 },
  });
  expect(logs?.oldestMs).toBeGreaterThan(nowMs - 60_000);
  expect(live.bytesPerSecond).toBeNull();
  await spool.close();
  const before = contentOf(folder);
  const still = await lookAtSpool({ ...bounds, path: folder }, nowMs + 600_000);
  expect(still?.lanes[1]).toMatchObject({ collected: 10, waiting: 4, dropped: { redaction: 4 } });
  expect(still?.bytesPerSecond).toBeGreaterThan(0);
  const secondsLeft = (bounds.size_max - (still?.bytes ?? 0)) / (still?.bytesPerSecond ?? 0);
  const ageLeft = (bounds.age_max - 600_000) / 1_000;
  expect(Math.abs((still?.lastsSeconds ?? 0) - Math.min(secondsLeft, ageLeft))).toBeLessThan(60);
  expect(contentOf(folder)).toEqual(before);
  await removeFolder(folder);
});

test("lookAtSpool() reads what a crash left without mending it, and finds no spool where there is none", async () => {
  const folder = await temporaryFolder();
  const { spool } = await openTestSpool(folder);
  await spool.logs.write(logsOf("a", "b"));
  await spool.logs.sync();
  const crashed = await copyAsCrashed(folder);
  const name = readdirSync(join(crashed, "logs")).find((one) => one.endsWith(".seg")) ?? "";
  const path = join(crashed, "logs", name);
  await Bun.write(path, Buffer.concat([readFileSync(path), Buffer.from("LWF")]));
  chmodSync(path, 0o400);
  const before = contentOf(crashed);
  const seen = await lookAtSpool({ ...bounds, path: crashed }, Date.now());
  expect(seen?.lanes[1]).toMatchObject({ collected: 2, waiting: 2, state: "ok" });
  expect(contentOf(crashed)).toEqual(before);
  await Bun.write(path, Buffer.concat([Buffer.from("xx"), readFileSync(path)]));
  const damaged = await lookAtSpool({ ...bounds, path: crashed }, Date.now());
  expect(damaged?.lanes[1]?.lastError).toContain("is damaged");
  const none = join(crashed, "no", "spool");
  expect(await lookAtSpool({ ...bounds, path: none }, Date.now())).toBeUndefined();
  await spool.close();
  await removeFolder(folder);
  await removeFolder(crashed);
});

function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path).toString("hex")]),
  );
}
