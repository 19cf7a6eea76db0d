import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashMoments, crashSeed } from "#test/support/crash_moments.ts";
import { StoreConfig } from "./config.ts";
import { checkBlocks } from "../tools/check_blocks.ts";
import { rebuildCatalog } from "../tools/rebuild_catalog.ts";
import { withStorage } from "../tools/storage_tools.ts";
import { openTestStore } from "../read/store.fixture.ts";
import type { Store } from "../read/store.ts";

const program = join(import.meta.dir, "storage_crash.fixture.ts");
const config = StoreConfig.parse({});
const rounds = 6;
const span = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6 };
const allLogs = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: 0n,
  endNs: 10n ** 18n,
  limit: 100_000,
  direction: "forward" as const,
};

/** Runs the fixture, and kills it at a moment that has nothing to do with what it does. Gives what it said. */
async function killed(task: "delete" | "rebuild", dataDir: string, afterMs: number) {
  const child = Bun.spawn([process.execPath, program, task, dataDir], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  let said = "";
  const kill = async () => {
    await Bun.sleep(afterMs);
    child.kill("SIGKILL");
  };
  let killing: Promise<void> | undefined;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    said += Buffer.from(value).toString();
    killing ??= kill();
  }
  await killing;
  await child.exited;
  return said;
}

const open = (dataDir: string) => openTestStore(dataDir, { delete_after: "0s" });

async function valuesOf(store: Store, name: string): Promise<number[]> {
  const matchers = [{ name: "__name__", op: "=" as const, value: name }];
  const [series] = await store.view().metrics.select({ ...span, matchers });
  return [...(series?.values ?? [])];
}

const upTo = (length: number) => Array.from({ length }, (_, i) => i + 1);

type Positions = { readonly metrics: number; readonly logs: number };

/** Everything up to the positions is there once; of what was deleted by `deleted` nothing is. Gives the positions. */
async function expectWhole(store: Store, deleted: number): Promise<Positions> {
  const { lanes } = await store.recover();
  const last = (signal: string) =>
    lanes.find(({ lane }) => lane.signal === signal)?.position.sequence ?? 0;
  const positions = { metrics: last("metrics"), logs: last("logs") };
  expect(await valuesOf(store, "kept")).toEqual(upTo(positions.metrics));
  const records = await store.view().logs.select(allLogs);
  expect(records.map(({ body }) => body)).toEqual(upTo(positions.logs).map((k) => `line ${k}`));
  const gone = await valuesOf(store, "gone");
  expect(gone.filter((value) => value <= deleted)).toEqual([]);
  return positions;
}

test(`a store killed while it deletes, and a rebuild killed as well, ${rounds} times: nothing lost, nothing twice, nothing back (CRASH_SEED=${crashSeed})`, async () => {
  const momentMs = crashMoments();
  const dataDir = mkdtempSync(join(tmpdir(), "lapwing-storage-crash-"));
  let deleted = 0;
  for (let round = 0; round < rounds; round++) {
    const said = await killed("delete", dataDir, momentMs(400));
    const acknowledged = said.split("\n").map(Number);
    deleted = Math.max(deleted, ...acknowledged);
    const store = await open(dataDir);
    const last = await expectWhole(store, deleted);
    const gone = await valuesOf(store, "gone");
    await store.close();

    // The catalog is lost, and the first try to rebuild it is killed.
    for (const end of ["", "-wal", "-shm"])
      rmSync(join(dataDir, `catalog.db${end}`), { force: true });
    await killed("rebuild", dataDir, momentMs(60));
    await withStorage(config, dataDir, "write", rebuildCatalog).catch((error: unknown) => {
      // It may have been done before the signal came.
      expect(error).toMatchObject({ code: "bad_request" });
    });
    const rebuilt = await open(dataDir);
    // A commit whose file was there before the kill counts now, although the catalog had not heard of it.
    const after = await expectWhole(rebuilt, deleted);
    for (const signal of ["metrics", "logs"] as const)
      expect([last[signal], last[signal] + 1]).toContain(after[signal]);
    // So does a deletion that was on its way.
    const isDeletion = last.metrics % 3 === 0 && last.metrics > deleted;
    if (after.metrics === last.metrics)
      expect(isDeletion ? [gone, []] : [gone]).toContainEqual(await valuesOf(rebuilt, "gone"));
    await rebuilt.close();
    const { faults } = await withStorage(config, dataDir, "read", checkBlocks);
    expect(faults).toEqual([]);
  }
  const store = await open(dataDir);
  await store.maintain();
  const last = await expectWhole(store, deleted);
  const left = (await valuesOf(store, "gone")).length;
  expect(store.view().blocks.reduce((sum, { items }) => sum + items, 0)).toBe(
    last.metrics + last.logs + left,
  );
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
}, 90_000);
