import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashMoments, crashSeed } from "#test/support/crash_moments.ts";
import type { BlockStore } from "./block_store.ts";
import { cutOf, gauge, lines, openTestStore } from "../read/store.fixture.ts";
import type { Store } from "../read/store.ts";

const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
const allLogs = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: 0n,
  endNs: 10n ** 18n,
  limit: 100_000,
  direction: "forward" as const,
};

/** Every number from 1 to the committed position, once, in both signals. */
async function expectWhole(store: Store): Promise<number> {
  const { lanes } = await store.recover();
  const last = lanes[0]?.position.sequence ?? 0;
  const numbers = Array.from({ length: last }, (_, i) => i + 1);
  const [series] = await store.view().metrics.select(everything);
  expect([...(series?.values ?? [])]).toEqual(numbers);
  expect(store.view().blocks.reduce((sum, { items }) => sum + items, 0)).toBe(2 * last);
  const records = await store.view().logs.select(allLogs);
  expect(records.map(({ body }) => body)).toEqual(numbers.map((k) => `line ${k}`));
  return last;
}

/** What cut k holds. */
const content = (k: number) => ({
  metrics: [gauge("n", [k], [k])],
  logs: lines("n", [`line ${k}`], k),
});

const parquetFiles = (folder: string) =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".parquet"))
    .toSorted((a, b) => (a < b ? -1 : 1));

/** Each kill leaves a few files that no row names; the first round after it takes them. */
async function expectSwept(store: BlockStore, dataDir: string): Promise<void> {
  await store.maintain();
  const keys = store.view().blocks.map(({ key }) => key);
  expect(parquetFiles(join(dataDir, "blocks"))).toEqual(keys.toSorted());
}

const rounds = 8;
/** The items are of 1970. */
const kept = {
  delete_after: "0s",
  sweep_after: "0s",
  retention: { metrics: "100y", logs: "100y" },
};

test(`a store killed at any moment, ${rounds} times, has blocks and positions that agree, every item once (CRASH_SEED=${crashSeed})`, async () => {
  const momentMs = crashMoments();
  const dataDir = mkdtempSync(join(tmpdir(), "lapwing-crash-"));
  const program = join(import.meta.dir, "crash.fixture.ts");
  let before = 0;
  for (let round = 0; round < rounds; round++) {
    const child = Bun.spawn([process.execPath, program, dataDir], {
      stdout: "pipe",
      stderr: "inherit",
    });
    // Some commits in, then at a moment that has nothing to do with what it does.
    const reader = child.stdout.getReader();
    await reader.read();
    await Bun.sleep(momentMs(250));
    child.kill("SIGKILL");
    await child.exited;
    const store = await openTestStore(
      dataDir,
      { ...kept, tiers: { raw: "100y", downsampled: [] } },
      { nowMs: Date.now() + 1_000 },
    );
    const last = await expectWhole(store);
    expect(last).toBeGreaterThan(before);
    before = last;
    await expectSwept(store, dataDir);
    expect(await expectWhole(store)).toBe(last);
    await store.close();
  }
  const store = await openTestStore(dataDir, kept, { nowMs: Date.now() + 1_000 });
  await expectSwept(store, dataDir);
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

const tmpfs = mountTmpfs();
const title = tmpfs === undefined ? " (skipped: no tmpfs can be mounted here)" : "";

test.skipIf(tmpfs === undefined)(
  `a full disk gives no_space, loses nothing, and the commit works when there is room${title}`,
  async () => {
    const folder = tmpfs ?? "";
    try {
      const store = await openTestStore(folder, {});
      await store.commit(cutOf(content(1), 1), () => {});
      const ballast = join(folder, "ballast");
      fill(ballast);
      let published = false;
      const failed = await store
        .commit(cutOf(content(2), 2), () => (published = true))
        .catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: "no_space" });
      expect(published).toBe(false);
      expect(await expectWhole(store)).toBe(1);
      rmSync(ballast);
      await store.commit(cutOf(content(2), 2), () => (published = true));
      expect(published).toBe(true);
      await store.close();
      const again = await openTestStore(folder, {});
      expect(await expectWhole(again)).toBe(2);
      await again.close();
    } finally {
      Bun.spawnSync(["umount", folder]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
  30_000,
);

function mountTmpfs(): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "lapwing-full-"));
  mkdirSync(folder, { recursive: true });
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=4m", "lapwing", folder]);
  if (mounted.exitCode === 0) return folder;
  rmSync(folder, { recursive: true, force: true });
  return undefined;
}

/** Writes until there is no byte left. */
function fill(path: string): void {
  for (const size of [65_536, 4_096, 1])
    try {
      for (;;) writeFileSync(path, new Uint8Array(size), { flag: "a" });
    } catch {
      // Full for this size.
    }
}
