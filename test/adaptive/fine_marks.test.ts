import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { createHead } from "#aggregator/head/head.ts";
import { createSources } from "#aggregator/query/sources.ts";
import type { SeriesSamples } from "#aggregator/read/source.ts";
import { cutOf, openTestStore } from "#aggregator/read/store.fixture.ts";
import { rebuildCatalog } from "#aggregator/tools/rebuild_catalog.ts";
import { withStorage } from "#aggregator/tools/storage_tools.ts";
import { decodeFrame, encodeFrame, newHeader } from "#proto/codec/envelope.ts";
import { createMetricsDecoder } from "#proto/codec/metrics.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { Signal } from "#proto/gen/v1/frame_pb.js";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { setAbsent, wordsOf } from "#shared/model/special_values.ts";

// Fine samples on their whole way: frames, head, blocks, merges, deletions, a catalog that is rebuilt.

const root = mkdtempSync(join(tmpdir(), "lapwing-fine-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

const names = ["a", "b", "c"] as const;
const schema = { series: names.map((name) => ({ __name__: name })), families: [] };
const nowMs = 86_400_000;
const lane = { tenant: "t", agent: "a", signal: "metrics" } as const;

/** Which of the series have a sample, when, and whether it is fine. */
const oneRow = fc.record({
  second: fc.nat(60),
  has: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  isFine: fc.boolean(),
});
const oneStep = fc.record({
  rows: fc.array(oneRow, { minLength: 1, maxLength: 8 }),
  isFlushed: fc.constantFrom(true, true, false),
});
/** Start timestamps, of all samples, make DuckDB write and merge the blocks: blocks of both kinds would not be merged in order. */
const withStarts = fc.boolean();
const oneDeletion = fc.record({ from: fc.nat(60), seconds: fc.nat(30) });

type Step = typeof oneStep extends fc.Arbitrary<infer Value> ? Value : never;

/** "second*" by series, the mark a star; of equal times the first one in stands. */
class Model {
  readonly #samples = new Map<string, Map<number, boolean>>();

  add({ rows }: Step): void {
    for (const { second, has, isFine } of rows)
      for (const [i, name] of names.entries()) {
        const own = this.#samples.get(name) ?? new Map<number, boolean>();
        this.#samples.set(name, own);
        if (has[i] === true && !own.has(second)) own.set(second, isFine);
      }
  }

  remove(name: string, from: number, to: number): void {
    const own = this.#samples.get(name);
    for (const second of own?.keys() ?? []) if (second >= from && second <= to) own?.delete(second);
  }

  texts(): string[] {
    return [...this.#samples]
      .filter(([, own]) => own.size > 0)
      .map(([name, own]) =>
        [
          name,
          ...[...own].toSorted(([a], [b]) => a - b).map(([at, isFine]) => text(at, isFine)),
        ].join(" "),
      )
      .toSorted();
  }
}

const text = (second: number, isFine: boolean) => `${second}${isFine ? "*" : ""}`;

function textsOf(series: readonly SeriesSamples[]): string[] {
  return series
    .map(({ labels, timestampsMs, values, fine }) => {
      expect(fine === undefined || fine.length === values.length).toBe(true);
      return [
        labels["__name__"],
        ...Array.from(timestampsMs, (time, i) => text(time / 1_000, fine?.[i] === 1)),
      ].join(" ");
    })
    .toSorted();
}

function batchOf({ rows }: Step, withStart: boolean): MetricsBatch {
  const starts = {
    columns: Uint32Array.of(0, 1, 2),
    timestampsMs: new Float64Array(3),
    startsMs: Float64Array.of(1, 1, 1),
  };
  return {
    schema,
    rows: rows.map(({ second, has, isFine }) => {
      const values = Float64Array.from(has, (_, i) => i + second);
      for (const [i, isThere] of has.entries()) if (!isThere) setAbsent(wordsOf(values), i);
      return { timestampMs: 1_000 * second, values, isFine };
    }),
    ...(withStart ? { starts } : {}),
  };
}

async function stage(withStart: boolean) {
  const dataDir = join(root, String(made++));
  const head = createHead();
  const encoder = createMetricsEncoder();
  const decoder = createMetricsDecoder();
  let sequence = 0;
  // A block is older than those of later commits.
  const now = () => nowMs + 1_000 * sequence;
  let store = await openTestStore(dataDir, { delete_after: "0s" }, { now });
  const request = { tenant: "t", matchers: [], startMs: 0, endMs: nowMs, samplesMax: 1e6 };
  return {
    append(step: Step): void {
      for (const { body, ...header } of encoder.encode(batchOf(step, withStart))) {
        const ids = { tenant: "t", agent: "a", signal: Signal.METRICS };
        const frame = decodeFrame(encodeFrame(newHeader({ ...ids, ...header }), body));
        head.appendMetrics(lane, decoder.decode(frame), nowMs);
      }
    },
    async flush(): Promise<void> {
      const { content } = await head.freeze("all");
      await store.commit({ ...cutOf({}, ++sequence), content }, () => head.release());
    },
    async select(): Promise<string[]> {
      const sources = createSources(
        head,
        () => store.view(),
        () => [],
      );
      return textsOf(await sources.metrics.select(request));
    },
    store: () => store,
    async rebuild(): Promise<void> {
      await store.close();
      for (const end of ["", "-wal", "-shm"])
        rmSync(join(dataDir, `catalog.db${end}`), { force: true });
      await withStorage(StoreConfig.parse({}), dataDir, "write", rebuildCatalog);
      store = await openTestStore(dataDir, { delete_after: "0s" }, { now });
    },
  };
}

test("fine samples keep their marks from the frame through head, blocks, merges, deletions and a rebuild", async () => {
  let mostBlocks = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(oneStep, { minLength: 16, maxLength: 30 }),
      oneDeletion,
      withStarts,
      async (steps, { from, seconds }, withStart) => {
        const model = new Model();
        const world = await stage(withStart);
        for (const step of steps) {
          model.add(step);
          world.append(step);
          if (step.isFlushed) await world.flush();
        }
        // Blocks and head, of which a generation may be frozen.
        expect(await world.select()).toEqual(model.texts());
        await world.flush();
        const { length } = world.store().view().blocks;
        mostBlocks = Math.max(mostBlocks, length);
        expect(await world.select()).toEqual(model.texts());
        await world.store().maintain();
        if (length >= 12) expect(world.store().view().blocks.length).toBeLessThan(length);
        expect(await world.select()).toEqual(model.texts());
        const selectors = [[{ name: "__name__", op: "=" as const, value: "a" }]];
        const [startMs, endMs] = [1_000 * from, 1_000 * (from + seconds)];
        await world
          .store()
          .delete(
            { signal: "metrics", tenant: "t", startMs, endMs, selectors, query: "a" },
            "operator",
          );
        model.remove("a", from, from + seconds);
        expect(await world.select()).toEqual(model.texts());
        await world.store().maintain();
        expect(await world.select()).toEqual(model.texts());
        await world.rebuild();
        expect(await world.select()).toEqual(model.texts());
        await world.store().close();
      },
    ),
    { numRuns: 8, endOnFailure: true },
  );
  expect(mostBlocks).toBeGreaterThanOrEqual(12);
}, 120_000);
