import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { type Labels, type Matcher, labelsKey } from "#shared/model/labels.ts";
import { compileMatchers } from "../../read/matching.ts";
import type { SeriesSamples } from "../../read/source.ts";
import type { BlockStore } from "../block_store.ts";
import { cutOf, gauge, openTestStore } from "../../read/store.fixture.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-series-"));
  folders.push(folder);
  return folder;
}

type Request = { startMs: number; endMs: number; selectors: Matcher[][] };

async function sorted(texts: Promise<Set<string>> | readonly string[]): Promise<string[]> {
  return [...new Set(await texts)].toSorted();
}

/** Names, values of two labels, and series, as a store has them. */
async function foundIn(store: BlockStore, request: Request) {
  const found = await store.view().metrics.series({ tenant: "t", ...request });
  return {
    names: await sorted(found.names()),
    metrics: await sorted(found.values("__name__")),
    hosts: await sorted(found.values("host")),
    series: (await found.labels()).map(labelsKey).toSorted(),
  };
}

async function expected(samples: readonly SeriesSamples[], { startMs, endMs, selectors }: Request) {
  const tests = selectors.map((matchers) => compileMatchers(matchers));
  const found = new Map<string, Labels>();
  for (const { labels, timestampsMs } of samples) {
    const isSelected = tests.length === 0 || tests.some((matches) => matches(labels));
    const isThere = timestampsMs.some((ms) => ms >= startMs && ms <= endMs);
    if (isSelected && isThere) found.set(labelsKey(labels), labels);
  }
  const all = [...found.values()];
  return {
    names: await sorted(all.flatMap((labels) => Object.keys(labels))),
    metrics: await sorted(all.flatMap((labels) => labels["__name__"] ?? [])),
    hosts: await sorted(all.flatMap((labels) => labels["host"] ?? [])),
    series: [...found.keys()].toSorted(),
  };
}

const name = fc.constantFrom("up", "down", "load");
const host = fc.constantFrom("a", "b", "c", undefined);
const labels = host.map((value): Record<string, string> =>
  value === undefined ? {} : { host: value },
);
const times = fc
  .uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 4 })
  .map((numbers) => numbers.toSorted((a, b) => a - b));
const series = fc.tuple(name, labels, times).map(([metric, own, ms]) =>
  gauge(
    metric,
    ms,
    ms.map(() => 1),
    own,
  ),
);
const block = fc.uniqueArray(series, {
  minLength: 1,
  maxLength: 8,
  selector: (one) => labelsKey(one.labels),
});
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({ name: fc.constant("__name__"), op: fc.constantFrom("=", "!="), value: name }),
  fc.record({
    name: fc.constantFrom("host", "absent"),
    op: fc.constantFrom("=~", "!~"),
    value: fc.constantFrom("a|b", "", ".+", "c.*"),
  }),
);
const request = fc.record({
  startMs: fc.integer({ min: -10, max: 110 }),
  endMs: fc.integer({ min: -10, max: 110 }),
  selectors: fc.array(fc.array(matcher, { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
});

test("names, values and series are those of the samples: as written, after a start, and after a merge", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(block, { minLength: 1, maxLength: 5 }),
      fc.array(request, { minLength: 1, maxLength: 6 }),
      async (blocks, requests) => {
        const dataDir = newFolder();
        let store = await openTestStore(dataDir, { compaction: { blocks_max: 1 } });
        for (const [i, metrics] of blocks.entries())
          await store.commit(cutOf({ metrics }, i + 1), () => {});
        const check = async () => {
          for (const one of requests)
            expect(await foundIn(store, one)).toEqual(await expected(blocks.flat(), one));
        };
        await check();
        await store.close();
        store = await openTestStore(dataDir, { compaction: { blocks_max: 1 } });
        await check();
        await store.maintain();
        await check();
        await store.close();
      },
    ),
    { numRuns: 12 },
  );
}, 60_000);

test("where the index has no room, the blocks are read", async () => {
  const dataDir = newFolder();
  const store = await openTestStore(dataDir, { series_index: 0 });
  const metrics = [gauge("up", [10], [1], { host: "a" }), gauge("down", [50], [1], { host: "b" })];
  await store.commit(cutOf({ metrics }, 1), () => {});
  const whole = { startMs: 0, endMs: 100, selectors: [] };
  const part = { startMs: 0, endMs: 20, selectors: [] };
  for (const one of [whole, part])
    expect(await foundIn(store, one)).toEqual(await expected(metrics, one));
  await store.close();
});
