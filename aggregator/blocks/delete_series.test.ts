import { SQL } from "bun";
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import * as fc from "fast-check";
import { cutOf, gauge, openTestStore, sampleTexts } from "../read/store.fixture.ts";
import type { Deletion, Store } from "../read/store.ts";
import { removedOf } from "./removed.fixture.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-delete-"));
  folders.push(folder);
  return folder;
}

const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
const named = (name: string) => [{ name: "__name__", op: "=" as const, value: name }];
const deletion = (name: string, startMs: number, endMs: number): Deletion => ({
  signal: "metrics",
  tenant: "t",
  selectors: [named(name)],
  query: name,
  startMs,
  endMs,
});
const stored = async (store: Store) => sampleTexts(await store.view().metrics.select(everything));
const names = async (store: Store, startMs = 0, endMs = 1e15) => {
  const request = { tenant: "t", selectors: [], startMs, endMs };
  const found = await store.view().metrics.series(request);
  return [...(await found.values("__name__"))].toSorted();
};

/** What any other engine finds in the files of the visible blocks. */
async function inFiles(store: Store): Promise<unknown[]> {
  const view = store.view();
  const files = await view.files(view.blocks);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const list = files.paths.map((path) => `'${path}'`).join(", ");
    const reader = await connection.runAndReadAll(
      `SELECT name, sum(n)::INTEGER FROM read_parquet([${list}]) GROUP BY name ORDER BY name`,
    );
    return reader.getRows();
  } finally {
    files.release();
    connection.closeSync();
    instance.closeSync();
  }
}

async function filled(dataDir: string): Promise<Store> {
  const store = await openTestStore(dataDir, { delete_after: "0s", sweep_after: "0s" });
  for (const k of [1, 2, 3]) {
    const times = [k * 1_000, k * 1_000 + 500];
    await store.commit(
      cutOf({ metrics: [gauge("a", times, [k, k + 0.5]), gauge("b", times, [k, -k])] }, k),
      () => {},
    );
  }
  return store;
}

test("delete() counts for the next view, for samples, labels and files, and not for one from before", async () => {
  const store = await filled(newFolder());
  const before = store.view();
  expect(await store.delete(deletion("a", 1_500, 2_000), "operator")).toBe(2);
  expect(await stored(store)).toEqual([
    "a 1000=1 2500=2.5 3000=3 3500=3.5",
    "b 1000=1 1500=-1 2000=2 2500=-2 3000=3 3500=-3",
  ]);
  expect(await names(store, 1_500, 2_000)).toEqual(["b"]);
  expect(await names(store)).toEqual(["a", "b"]);
  expect(await inFiles(store)).toEqual([
    ["a", 4],
    ["b", 6],
  ]);
  expect(sampleTexts(await before.metrics.select(everything))[0]).toBe(
    "a 1000=1 1500=1.5 2000=2 2500=2.5 3000=3 3500=3.5",
  );
  await store.close();
});

test("maintain() takes deleted samples out of the files, and a later sample of the span stays", async () => {
  const dataDir = newFolder();
  const store = await filled(dataDir);
  await store.delete(deletion("a", 0, 1e12), "operator");
  await store.commit(cutOf({ metrics: [gauge("a", [1_200], [7])] }, 4), () => {});
  await store.maintain();
  const items = () => store.view().blocks.reduce((sum, block) => sum + block.items, 0);
  expect(items()).toBe(7);
  expect(await removedOf(store, "t")).toEqual({ metrics: { deleted: 6 } });
  expect(await stored(store)).toEqual([
    "a 1200=7",
    "b 1000=1 1500=-1 2000=2 2500=-2 3000=3 3500=-3",
  ]);
  await store.delete({ ...deletion("a", 0, 1e12), selectors: [named("a"), named("b")] }, "x");
  await store.maintain();
  expect(store.view().blocks).toEqual([]);
  await store.close();
  const again = await openTestStore(dataDir, {});
  expect(await stored(again)).toEqual([]);
  expect(await removedOf(again, "t")).toEqual({ metrics: { deleted: 13 } });
  await again.close();
});

test("requests are listed with what each of them took out of the files", async () => {
  const store = await filled(newFolder());
  await store.delete(deletion("a", 1_500, 2_500), "ann");
  await store.delete(deletion("a", 2_500, 3_000), "bob");
  await store.delete(deletion("none", 0, 1), "bob");
  const statuses = async () =>
    (await store.deletionRequests("t")).map(({ status, removed, actor }) => [
      status,
      removed,
      actor,
    ]);
  expect(await statuses()).toEqual([
    ["received", 0, "ann"],
    ["received", 0, "bob"],
    ["processed", 0, "bob"],
  ]);
  expect((await store.deletionRequests("t"))[0]).toMatchObject({
    signal: "metrics",
    query: "a",
    startMs: 1_500,
    endMs: 2_500,
  });
  await store.maintain();
  // What both delete counts for the first.
  expect(await statuses()).toEqual([
    ["processed", 3, "ann"],
    ["processed", 1, "bob"],
    ["processed", 0, "bob"],
  ]);
  expect(await removedOf(store, "t")).toEqual({ metrics: { deleted: 4 } });
  expect(await store.deletionRequests("another")).toEqual([]);
  await store.close();
});

test("a deletion is taken back while its period runs, also after a merge and a restart, and no more once it has started", async () => {
  const dataDir = newFolder();
  const config = {
    delete_after: "0s",
    deletion: { cancel_period: "1h" },
    compaction: { interval: "1d", blocks_max: 1 },
  };
  let nowMs = 86_400_000;
  const open = () => openTestStore(dataDir, config, { now: () => nowMs });
  let store = await open();
  const commit = (k: number, times: readonly number[]) =>
    store.commit(cutOf({ metrics: [gauge("a", times, times)] }, k), () => {});
  await commit(1, [1_000, 1_500]);
  await commit(2, [2_000, 2_500]);
  await store.delete(deletion("a", 1_500, 2_000), "ann");
  // Samples that come later stay, also when blocks are merged while the deletion waits.
  await commit(3, [1_700, 3_000]);
  await commit(4, [1_800, 3_500]);
  const left = ["a 1000=1000 1700=1700 1800=1800 2500=2500 3000=3000 3500=3500"];
  await store.maintain();
  expect(store.view().blocks).toHaveLength(2);
  expect(await stored(store)).toEqual(left);
  await store.close();
  store = await open();
  expect(await stored(store)).toEqual(left);
  const [first] = await store.deletionRequests("t");
  expect(await store.cancelDeletion(first?.id ?? "", "another", "ann")).toBe(false);
  expect(await store.cancelDeletion(first?.id ?? "", "t", "ann")).toBe(true);
  const all = ["a 1000=1000 1500=1500 1700=1700 1800=1800 2000=2000 2500=2500 3000=3000 3500=3500"];
  expect(await stored(store)).toEqual(all);
  expect(await store.deletionRequests("t")).toEqual([]);

  await store.delete(deletion("a", 1_500, 2_000), "ann");
  nowMs += 3_600_000;
  await store.maintain();
  const [second] = await store.deletionRequests("t");
  expect(second).toMatchObject({ status: "processed", removed: 4 });
  expect(await store.cancelDeletion(second?.id ?? "", "t", "ann")).toBe(false);
  expect(await stored(store)).toEqual(["a 1000=1000 2500=2500 3000=3000 3500=3500"]);
  await store.close();
  const sql = new SQL({ adapter: "sqlite", filename: pathToFileURL(join(dataDir, "catalog.db")) });
  const audit: unknown[] = await sql`SELECT action FROM audit ORDER BY id`;
  expect([...audit]).toEqual([
    { action: "delete_series" },
    { action: "cancel_delete_series" },
    { action: "delete_series" },
  ]);
  await sql.close();
});

test("a merge counts the samples that it finds twice, of which the first stays", async () => {
  const compaction = { blocks_max: 1 };
  const store = await openTestStore(newFolder(), { compaction }, { nowMs: 86_400_000 });
  const commit = (sequence: number, times: readonly number[], value: number) => {
    const values = times.map(() => value);
    return store.commit(cutOf({ metrics: [gauge("a", times, values)] }, sequence), () => {});
  };
  await commit(1, [1_000, 2_000], 1);
  await commit(2, [2_000, 3_000], 2);
  await store.maintain();
  expect(store.view().blocks.map(({ items }) => items)).toEqual([3]);
  expect(await stored(store)).toEqual(["a 1000=1 2000=1 3000=2"]);
  expect(await removedOf(store, "t")).toEqual({ metrics: { duplicate: 1 } });
  await store.close();
});

test("a deletion is audited, survives opening again, and leaves no object behind once done", async () => {
  const dataDir = newFolder();
  const store = await filled(dataDir);
  await store.delete(deletion("b", 0, 2_000), "operator");
  await store.delete(deletion("none", 0, 1), "operator");
  await store.close();
  const objects = () => readdirSync(join(dataDir, "blocks", "lapwing", "deletions"));
  expect(objects()).toHaveLength(1);
  const again = await openTestStore(dataDir, { delete_after: "0s", sweep_after: "0s" });
  expect(await stored(again)).toEqual([
    "a 1000=1 1500=1.5 2000=2 2500=2.5 3000=3 3500=3.5",
    "b 2500=-2 3000=3 3500=-3",
  ]);
  await again.maintain();
  expect(await inFiles(again)).toEqual([
    ["a", 6],
    ["b", 3],
  ]);
  await again.close();
  const later = await openTestStore(dataDir, { delete_after: "0s" }, { nowMs: 86_400_000 + 3.6e6 });
  await later.maintain();
  await later.close();
  expect(objects()).toEqual([]);
  const sql = new SQL({ adapter: "sqlite", filename: pathToFileURL(join(dataDir, "catalog.db")) });
  const audit: unknown[] = await sql`SELECT actor, action, tenant FROM audit ORDER BY id`;
  expect([...audit]).toEqual([
    { actor: "operator", action: "delete_series", tenant: "t" },
    { actor: "operator", action: "delete_series", tenant: "t" },
  ]);
  await sql.close();
});

test("whatever is deleted, in whatever order with maintenance, what is left is what a list would have left", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("commit" as const), series: fc.constantFrom("a", "b", "c") }),
    fc.record({
      kind: fc.constant("delete" as const),
      series: fc.constantFrom("a", "b", "c"),
      start: fc.nat(30),
      length: fc.nat(10),
    }),
    fc.record({ kind: fc.constant("maintain" as const), with: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const store = await openTestStore(newFolder(), {
        compaction: { interval: "1d", blocks_max: 2 },
      });
      const model = new Map<string, number[]>();
      let time = 0;
      const pending: Promise<unknown>[] = [];
      for (const one of steps) {
        if (one.kind === "commit") {
          time += 1;
          model.set(one.series, [...(model.get(one.series) ?? []), time]);
          await store.commit(
            cutOf({ metrics: [gauge(one.series, [time], [time])] }, time),
            () => {},
          );
        } else if (one.kind === "delete") {
          const end = one.start + one.length;
          await store.delete(deletion(one.series, one.start, end), "x");
          const left = (model.get(one.series) ?? []).filter((t) => t < one.start || t > end);
          model.set(one.series, left);
        } else {
          // Not waited for: deletions come in while blocks are being written.
          const round = store.maintain();
          if (one.with) await round;
          else pending.push(round);
        }
        const texts = [...model]
          .filter(([, times]) => times.length > 0)
          .map(([name, times]) => [name, ...times.map((t) => `${t}=${t}`)].join(" "));
        expect(await stored(store)).toEqual(texts.toSorted());
      }
      await Promise.all(pending);
      await store.maintain();
      const left = [...model.values()].reduce((sum, times) => sum + times.length, 0);
      expect(store.view().blocks.reduce((sum, { items }) => sum + items, 0)).toBe(left);
      await store.close();
    }),
    { numRuns: 15 },
  );
}, 60_000);
