import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cutOf, gauge, openTestStore } from "../read/store.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-large-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a query of a moment is answered out of a block that holds far more of its metric than a query may read", async () => {
  const [series, samples] = [4_200, 2_100];
  const times = Array.from({ length: samples }, (_, i) => 1_000 * i);
  const metrics = Array.from({ length: series }, (_, i) =>
    gauge("a", times, times, { i: String(i) }),
  );
  const store = await openTestStore(folder, {});
  try {
    await store.commit(cutOf({ metrics }, 1), () => {});
    expect(store.view().blocks.map(({ items }) => items)).toEqual([series * samples]);
    const found = await store.view().metrics.select({
      tenant: "t",
      matchers: [{ name: "__name__", op: "=", value: "a" }],
      startMs: 999_500,
      endMs: 1_002_000,
      samplesMax: 3 * series,
    });
    expect(found).toHaveLength(series);
    for (const { timestampsMs, values } of found) {
      expect([...timestampsMs]).toEqual([1_000_000, 1_001_000, 1_002_000]);
      expect([...values]).toEqual([1_000_000, 1_001_000, 1_002_000]);
    }
  } finally {
    await store.close();
  }
}, 30_000);
