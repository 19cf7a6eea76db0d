import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createHead } from "#aggregator/head/head.ts";
import type { MetricsSource } from "#aggregator/read/source.ts";
import { createSources } from "#aggregator/query/sources.ts";
import type { BlockStore } from "#aggregator/blocks/block_store.ts";
import { cutOf, gauge, openTestStore } from "#aggregator/read/store.fixture.ts";
import { machineLoad, rounded } from "#test/support/bench_world.ts";

const seriesAHost = 507;
const samplesABlock = 8;
const everyMs = 15_000;
const blockMs = samplesABlock * everyMs;

/**
 * What do names and values of labels and lists of series cost over blocks that nothing has merged yet? `--hosts` hosts of 507 series each and `--blocks` flushes
 * of 2 minutes are written; the range begins within a block. Each is asked for `--rounds` times by the process that wrote the blocks
 * (the median counts), and once right after a start. `one_...` are of one host.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "200" },
      blocks: { type: "string", default: "24" },
      rounds: { type: "string", default: "5" },
    },
  });
  const [hosts, blocks] = [Number(values.hosts), Number(values.blocks)];
  const folder = mkdtempSync(join(tmpdir(), "lapwing-bench-"));
  let store = await openTestStore(folder, {});
  try {
    for (let block = 0; block < blocks; block++)
      await store.commit(cutOf({ metrics: metricsOf(hosts, block) }, block + 1), () => {});
    const figures: Record<string, number> = {};
    for (const [name, ask] of Object.entries(questions(blocks))) {
      const tookMs: number[] = [];
      for (let round = 0; round < Number(values.rounds); round++)
        tookMs.push(await timed(store, ask));
      figures[`${name}_ms`] = tookMs.toSorted((a, b) => a - b)[tookMs.length >> 1] ?? 0;
    }
    const rss = process.memoryUsage.rss();
    await store.close();
    store = await openTestStore(folder, {});
    const firstMs = await timed(store, questions(blocks).names);
    return {
      series: hosts * seriesAHost,
      blocks,
      ...Object.fromEntries(Object.entries(figures).map(([name, ms]) => [name, rounded(ms, 1)])),
      first_names_ms: rounded(firstMs, 1),
      rss_mb: rounded(rss / 1e6, 1),
      machine_load: machineLoad(),
    };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Question = (metrics: MetricsSource) => Promise<readonly unknown[]>;

function questions(
  blocks: number,
): Record<"names" | "values" | "series" | "one_values" | "one_series", Question> {
  const range = { tenant: "t", startMs: blockMs + everyMs, endMs: (blocks + 1) * blockMs };
  const all = { ...range, selectors: [] };
  const one = {
    ...range,
    selectors: [[{ name: "instance", op: "=" as const, value: "host-0:9100" }]],
  };
  return {
    names: (metrics) => metrics.labelNames(all),
    values: (metrics) => metrics.labelValues("instance", all),
    series: (metrics) => metrics.series(all),
    one_values: (metrics) => metrics.labelValues("__name__", one),
    one_series: (metrics) => metrics.series(one),
  };
}

async function timed(store: BlockStore, ask: Question): Promise<number> {
  const { metrics } = createSources(
    createHead(),
    () => store.view(),
    () => [],
  );
  const startedMs = performance.now();
  const answer = await ask(metrics);
  if (answer.length === 0) throw new Error("nothing was found");
  return performance.now() - startedMs;
}

function metricsOf(hosts: number, block: number) {
  const times = Array.from(
    { length: samplesABlock },
    (_, i) => (block + 1) * blockMs + i * everyMs,
  );
  const values = times.map((ms) => ms / 1_000);
  return Array.from({ length: hosts * seriesAHost }, (_, i) => {
    const of = i % seriesAHost;
    return gauge(`metric_${of % 120}`, times, values, {
      job: "node",
      instance: `host-${Math.floor(i / seriesAHost)}:9100`,
      cluster: "eu",
      device: `sd${of % 13}`,
      mode: `mode_${of % 8}`,
      number: String(of),
    });
  });
}
