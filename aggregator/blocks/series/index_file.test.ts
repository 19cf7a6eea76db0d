import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pairText } from "./labels_text.ts";
import { cutOf, gauge, openTestStore } from "../../read/store.fixture.ts";
import { readIndexFile, writeIndexFile } from "./index_file.ts";
import { SeriesIndex } from "./series_index.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-series-index-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    return { name: `m${i % 5}`, text: `{${pairText("i", `é\n"${i}`)},${pairText("job", "j")}}` };
  });

test("an index comes back as it was, and a damaged or cut file is left aside", async () => {
  const index = new SeriesIndex(1e9);
  const blocks = ["a", "b", "c"].map((id) => ({ id }));
  index.keep(blocks);
  await index.note("t", "a", names(10_000));
  await index.note("t", "b", names(10_000));
  await index.note("other", "c", names(3));
  const path = join(folder, "index");
  await writeIndexFile(path, index.tenants());
  const again = new SeriesIndex(1e9);
  again.keep(blocks.slice(0, 2));
  again.restore((await readIndexFile(path)) ?? []);
  const [before, after] = [index.of("t", blocks), again.of("t", blocks)];
  expect(after.sets).toEqual(before.sets);
  expect(after.sets[0] === after.sets[1]).toBe(true);
  for (const id of [0, 4_711, 9_999])
    expect(after.known.labels(id)).toEqual(before.known.labels(id));
  // Of a block that is no more there is nothing.
  expect(again.of("other", blocks).sets).toEqual([undefined, undefined, undefined]);
  // Series that are known keep their numbers.
  await again.note("t", "d", names(10_001));
  expect(again.of("t", []).known.size).toBe(10_001);

  const whole = readFileSync(path);
  const damages = [0, 9, 40, 5_000, whole.length >> 1, whole.length - 9, whole.length - 1];
  for (const at of damages) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    writeFileSync(path, damaged);
    expect(await readIndexFile(path)).toBeUndefined();
    writeFileSync(path, whole.subarray(0, at));
    expect(await readIndexFile(path)).toBeUndefined();
  }
  expect(await readIndexFile(join(folder, "none"))).toBeUndefined();
});

test("after a clean end a start knows the series without their blocks, merged ones, too", async () => {
  const dataDir = join(folder, "data");
  const config = { compaction: { blocks_max: 1 } };
  let store = await openTestStore(dataDir, config);
  for (let i = 0; i < 4; i++) {
    const metrics = [gauge("up", [10 * i], [1], { host: "a" }), gauge(`m${i}`, [10 * i + 1], [1])];
    await store.commit(cutOf({ metrics }, i + 1), () => {});
  }
  await store.maintain();
  expect(store.view().blocks).toHaveLength(1);
  await store.close();
  store = await openTestStore(dataDir, config);
  const blocks = join(dataDir, "blocks");
  for (const name of readdirSync(blocks, { recursive: true, encoding: "utf8" }))
    if (name.endsWith(".parquet")) rmSync(join(blocks, name));
  const request = { tenant: "t", selectors: [], startMs: 0, endMs: 100 };
  const metrics = async () => [
    ...(await (await store.view().metrics.series(request)).values("__name__")),
  ];
  expect((await metrics()).toSorted()).toEqual(["m0", "m1", "m2", "m3", "up"]);
  await store.close();
});
