import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommitProxy } from "#test/support/commit_proxy.ts";
import { type PostgresServer, postgresMissing, startPostgres } from "#test/support/postgres.ts";
import type { BlockStore } from "./block_store.ts";
import { cutOf, gauge, openTestStore, sampleTexts } from "../read/store.fixture.ts";

// A connection to PostgreSQL that is lost at COMMIT: what the server made of it counts, once.

const dataDir = mkdtempSync(join(tmpdir(), "lapwing-lost-commit-"));
const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
const lost: string[] = [];
let postgres: PostgresServer | undefined;
let proxy: CommitProxy | undefined;
let store: BlockStore | undefined;

beforeAll(async () => {
  if (postgresMissing !== undefined) return;
  postgres = await startPostgres();
  proxy = await CommitProxy.start(postgres.port);
  store = await openTestStore(
    dataDir,
    {
      catalog: postgres.url.replace(String(postgres.port), String(proxy.port)),
      // A lease that is not renewed meanwhile ends nothing here.
      owner: { lease: "60s", renew_interval: "20s" },
      compaction: { interval: "1d", blocks_max: 1 },
    },
    { onLost: (why) => lost.push(why) },
  );
}, 30_000);
afterAll(async () => {
  await store?.close();
  await proxy?.stop();
  await postgres?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const opened = () => {
  if (store === undefined || proxy === undefined) throw new Error("the store is not open");
  return { store, proxy };
};
const seen = async (from: BlockStore) => sampleTexts(await from.view().metrics.select(everything));

test.skipIf(postgresMissing !== undefined)(
  "commit() that is tried again while the server still commits the first try stores it once",
  async () => {
    const { store: own, proxy: between } = opened();
    await own.commit(cutOf({ metrics: [gauge("n", [1], [1])] }, 1), () => {});
    const cut = cutOf({ metrics: [gauge("n", [2], [2])] }, 2);
    between.arm({ after: "", delayMs: 700 });
    let published = 0;
    const first = await own.commit(cut, () => (published += 1)).catch((error: unknown) => error);
    expect(first).toMatchObject({ code: "unavailable" });
    expect(between.lost).toBe(1);
    await own.commit(cut, () => (published += 1));
    expect(published).toBe(1);
    expect(await seen(own)).toEqual(["n 1=1 2=2"]);
    const stored = await own.backupTools.catalog.blocks();
    expect(stored.map(({ id }) => id)).toEqual(own.view().blocks.map(({ id }) => id));
    expect(stored).toHaveLength(2);
    for (const { key } of stored) expect(existsSync(join(dataDir, "blocks", key))).toBe(true);
  },
  30_000,
);

test.skipIf(postgresMissing !== undefined)(
  "a merge whose COMMIT went through without an answer is in place, and the process goes on",
  async () => {
    const { store: own, proxy: between } = opened();
    between.arm({ after: "DELETE FROM blocks", delayMs: 300 });
    await own.maintain();
    expect(between.lost).toBe(2);
    expect(await seen(own)).toEqual(["n 1=1 2=2"]);
    const stored = await own.backupTools.catalog.blocks();
    expect(own.view().blocks.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    expect(stored).toHaveLength(1);
    await own.maintain();
    expect(await seen(own)).toEqual(["n 1=1 2=2"]);
    expect(lost).toEqual([]);
  },
  30_000,
);
