import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "#shared/runtime/log.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { MissingBlocks } from "../../read/missing_blocks.ts";
import type { BlockStore } from "../block_store.ts";
import { cutOf, gauge, lines, openTestStore, sampleTexts } from "../../read/store.fixture.ts";
import type { Block } from "../../read/store.ts";
import { removedOf } from "../removed.fixture.ts";

// What runs in the background beside a damaged block: it goes on for the others, and the damaged one stays until it is repaired.

const dayMs = 86_400_000;
const root = mkdtempSync(join(tmpdir(), "lapwing-damaged-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const log = createLogger("error", () => {});
const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
const allLogs = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: 0n,
  endNs: 10n ** 21n,
  limit: 100,
  direction: "forward" as const,
};
const samples = async (store: BlockStore) =>
  sampleTexts(await store.view().metrics.select(everything));
const bodies = async (store: BlockStore) =>
  (await store.view().logs.select(allLogs)).map(({ body }) => body);

/** Three commits an hour apart from the start of day 100, and the second block of each signal damaged; gives how it is repaired. */
async function damagedStore(name: string, config: Record<string, unknown>, now: () => number) {
  const dataDir = join(root, name);
  const quiet = { sweep_after: "0s", delete_after: "0s", compaction: { enabled: false } };
  const store = await openTestStore(
    dataDir,
    { ...quiet, tiers: { enabled: false }, retention: { metrics: "36500d" }, ...config },
    { now, log },
  );
  for (let k = 1; k <= 3; k++) {
    const atMs = 100 * dayMs + k * 3_600_000;
    const labels = { __name__: "kept" };
    const exemplars = [{ timestampMs: atMs, value: k, labels: { trace_id: `t${k}` } }];
    const metrics = [gauge("kept", [atMs], [k]), gauge("gone", [atMs], [k])];
    const logs = lines("app", [`keep ${k}`, `drop ${k}`], atMs);
    const own = { labels, key: labelsKey(labels), exemplars };
    await store.commit(cutOf({ metrics, logs, exemplars: [own] }, k), () => {});
  }
  const pathOf = ({ key }: Block) => join(dataDir, "blocks", key);
  const bad = (["metrics", "logs"] as const).map((signal) => {
    const block = store.view().blocks.filter((one) => one.signal === signal)[1];
    if (block === undefined) throw new Error("no second block");
    return { block, path: pathOf(block), bytes: readFileSync(pathOf(block)) };
  });
  for (const { path, bytes } of bad) writeFileSync(path, Buffer.from(bytes).fill(0x55, 40, 80));
  const repair = () => {
    for (const { path, bytes } of bad) writeFileSync(path, bytes);
  };
  const expectKept = () => {
    const ids = store.view().blocks.map(({ id }) => id);
    for (const { block, path } of bad) {
      expect(ids).toContain(block.id);
      expect(existsSync(path)).toBe(true);
    }
  };
  return { dataDir, store, bad, repair, expectKept };
}

const at = (k: number) => 100 * dayMs + k * 3_600_000;
const selector = (name: string, value: string) => [[{ name, op: "=" as const, value }]];
const span = { tenant: "t", startMs: 0, endMs: 1e15 };

test("deletions of series and lines are carried out in the other blocks, and in the damaged one once it is repaired", async () => {
  const { store, repair, expectKept } = await damagedStore("deletions", {}, () => 101 * dayMs);
  const selectors = selector("__name__", "gone");
  const gone = { signal: "metrics", ...span, selectors, query: "gone" } as const;
  await store.delete(gone, "operator");
  const lineFilters = [{ op: "|=" as const, values: ["drop"] }];
  const query = '{app="app"} |= "drop"';
  const request = {
    signal: "logs",
    ...span,
    selectors: selector("app", "app"),
    lineFilters,
  } as const;
  await store.delete({ ...request, query }, "operator");
  await store.maintain();
  expectKept();
  expect(await samples(store)).toEqual([`kept ${at(1)}=1 ${at(3)}=3`]);
  expect(await bodies(store)).toEqual(["keep 1", "keep 3"]);
  // Not finished: the damaged block still holds what is to go.
  expect((await store.deletionRequests("t")).map(({ status }) => status)).toEqual([
    "started",
    "started",
  ]);
  repair();
  await store.maintain();
  expect(await samples(store)).toEqual([`kept ${at(1)}=1 ${at(2)}=2 ${at(3)}=3`]);
  expect(await bodies(store)).toEqual(["keep 1", "keep 2", "keep 3"]);
  await store.maintain();
  expect((await store.deletionRequests("t")).map(({ status }) => status)).toEqual([
    "processed",
    "processed",
  ]);
  expect(store.view().blocks.reduce((sum, { items }) => sum + items, 0)).toBe(6);
  await store.close();
}, 30_000);

test("exemplars of the other blocks are given, with a warning, and come through a merge of those", async () => {
  const merging = { compaction: { interval: "1d", blocks_max: 1 } };
  const { store, repair, expectKept } = await damagedStore("exemplars", merging, () => 102 * dayMs);
  const found = async () => {
    const missing = new MissingBlocks();
    const series = await store
      .view()
      .metrics.exemplars({ ...span, selectors: [[]], exemplarsMax: 100, missing });
    const ids = series.flatMap(({ exemplars }) =>
      exemplars.map(({ labels }) => labels["trace_id"]),
    );
    return { ids, warnings: missing.warnings().length };
  };
  expect(await found()).toEqual({ ids: ["t1", "t3"], warnings: 1 });
  await store.maintain();
  expectKept();
  expect(store.view().blocks).toHaveLength(4);
  expect(await found()).toEqual({ ids: ["t1", "t3"], warnings: 1 });
  repair();
  await store.maintain();
  expect(await found()).toEqual({ ids: ["t1", "t2", "t3"], warnings: 0 });
  await store.close();
}, 30_000);

test("a day is downsampled without its damaged block, which outlives the samples and joins the day once it is repaired", async () => {
  let nowMs = 101 * dayMs + 3_600_000;
  const tiers = { raw: "24h", downsampled: [{ bucket: "1m" }] };
  const { store, bad, repair, expectKept } = await damagedStore("tiers", { tiers }, () => nowMs);
  // Late data may follow until then.
  nowMs += 3_600_000;
  await store.maintain();
  const tierItems = () =>
    store
      .view()
      .blocks.filter(({ bucketMs }) => bucketMs !== undefined)
      .reduce((sum, { items }) => sum + items, 0);
  expect(tierItems()).toBe(4);
  expectKept();
  // The samples of the day are past their time: those that are in the tier go.
  nowMs += 2 * dayMs;
  await store.maintain();
  expectKept();
  const raw = store.view().blocks.filter((one) => one.signal === "metrics" && !one.bucketMs);
  expect(raw.map(({ id }) => id)).toEqual([bad[0]?.block.id ?? ""]);
  repair();
  await store.maintain();
  expect(tierItems()).toBe(6);
  await store.close();
}, 30_000);

test("retention moves a damaged block to the trash with the others, and counts its records", async () => {
  let nowMs = 101 * dayMs;
  const retention = { metrics: "10d", logs: "10d" };
  const { dataDir, store, bad } = await damagedStore("retention", { retention }, () => nowMs);
  // One of them is not even there.
  rmSync(bad[1]?.path ?? "");
  nowMs += 11 * dayMs;
  await store.maintain();
  expect(store.view().blocks).toEqual([]);
  const trashed = readdirSync(join(dataDir, "blocks", ".trash"), { recursive: true }).map(String);
  expect(trashed.filter((name) => name.endsWith(".parquet.trash"))).toHaveLength(5);
  expect(await removedOf(store, "t")).toEqual({
    logs: { retention: 6 },
    metrics: { retention: 9 },
  });
  expect(store.maintenanceState.damages).toEqual([]);
  await store.close();
}, 30_000);
