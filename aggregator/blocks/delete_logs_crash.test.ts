import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashMoments, crashSeed } from "#test/support/crash_moments.ts";
import { StoreConfig } from "./config.ts";
import { checkBlocks } from "../tools/check_blocks.ts";
import { withStorage } from "../tools/storage_tools.ts";
import { openTestStore } from "../read/store.fixture.ts";
import type { Store } from "../read/store.ts";
import { removedOf } from "./removed.fixture.ts";

const program = join(import.meta.dir, "delete_logs_crash.fixture.ts");
const rounds = 8;
const everything = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: 0n,
  endNs: 10n ** 18n,
  limit: 1e6,
  direction: "forward" as const,
};

/** Runs the fixture and kills it some time after it has begun to delete. Gives up to where it said that it has. */
async function killed(dataDir: string, afterMs: number): Promise<number> {
  const child = Bun.spawn([process.execPath, program, dataDir], { stdout: "pipe" });
  let said = "";
  let killing: Promise<void> | undefined;
  const kill = async () => {
    await Bun.sleep(afterMs);
    child.kill("SIGKILL");
  };
  for await (const chunk of child.stdout) {
    said += Buffer.from(chunk).toString();
    killing ??= kill();
  }
  await killing;
  await child.exited;
  return Math.max(...said.split("\n").map(Number));
}

/** All of "keep" is there once, of "drop" nothing that is deleted; and what was stored is in blocks, or counted as deleted. */
async function expectWhole(store: Store, deleted: number): Promise<void> {
  const { lanes } = await store.recover();
  const last = lanes[0]?.position.sequence ?? 0;
  const records = await store.view().logs.select(everything);
  const of = (what: string) =>
    records
      .filter(({ body }) => body.startsWith(what))
      .map(({ body }) => Number(body.slice(what.length)));
  expect(of("keep ")).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  expect(of("drop ").filter((k) => k <= deleted)).toEqual([]);
  const items = store.view().blocks.reduce((sum, block) => sum + block.items, 0);
  const { logs: { deleted: removed = 0 } = {} } = await removedOf(store, "t");
  expect(items + removed).toBe(2 * last);
  const requests = await store.deletionRequests("t");
  expect(requests.reduce((sum, request) => sum + request.removed, 0)).toBe(removed);
}

test(`a store killed while it takes log records out of files, ${rounds} times: nothing lost, nothing back, every removal counted once (CRASH_SEED=${crashSeed})`, async () => {
  const momentMs = crashMoments();
  const dataDir = mkdtempSync(join(tmpdir(), "lapwing-delete-logs-crash-"));
  const open = () => openTestStore(dataDir, { delete_after: "0s", sweep_after: "0s" });
  let deleted = 0;
  for (let round = 0; round < rounds; round++) {
    deleted = Math.max(deleted, await killed(dataDir, momentMs(400)));
    const store = await open();
    await expectWhole(store, deleted);
    if (round % 2 === 1) {
      await store.maintain();
      await expectWhole(store, deleted);
      const requests = await store.deletionRequests("t");
      expect(requests.every(({ status }) => status === "processed")).toBe(true);
    }
    await store.close();
    const { faults } = await withStorage(StoreConfig.parse({}), dataDir, "read", checkBlocks);
    expect(faults).toEqual([]);
  }
  rmSync(dataDir, { recursive: true, force: true });
}, 90_000);
