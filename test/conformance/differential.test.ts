import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { queryRoutes } from "#aggregator/api/routes/prometheus/query_routes.ts";
import { createHead } from "#aggregator/head/head.ts";
import { PromqlConfig, createPromqlEngine } from "#aggregator/query/promql/engine.ts";
import { createSources } from "#aggregator/query/sources.ts";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { cutMetricsOf } from "#aggregator/read/cut_metrics.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { differences } from "#test/support/compare_answers.ts";
import {
  differentialSeries,
  scrapes,
  startMs,
  vocabulary,
} from "#test/support/differential_data.ts";
import { MetricPeer, hasPeer } from "#test/support/metric_peers.ts";
import type { HostSeries } from "#test/support/node_hosts.ts";
import { RandomPromql, seededRandom } from "#test/support/random_promql.ts";

/** Another seed and more queries may be asked for; a failure names the seed. */
const seed = Number(process.env["LAPWING_SEED"] ?? 20_261_101);
const queriesMax = Number(process.env["LAPWING_QUERIES"] ?? 400);
const installed = hasPeer("prometheus");

let peer: MetricPeer | undefined;
let folder = "";
let close = async (): Promise<void> => {};
let ask: (path: string) => Promise<unknown> = async () => undefined;

/** Parts of all series by index: two blocks here, requests of a sane size there. */
function part(series: readonly HostSeries[], from: number, to: number): HostSeries[] {
  return series.map(({ labels, timestampsMs, values }) => {
    const begin = timestampsMs.findIndex((time) => time >= startMs + from * 15_000);
    const after = timestampsMs.findIndex((time) => time >= startMs + to * 15_000);
    const end = after === -1 ? timestampsMs.length : after;
    const start = begin === -1 ? end : begin;
    return {
      labels,
      timestampsMs: timestampsMs.slice(start, end),
      values: values.slice(start, end),
    };
  });
}

beforeAll(async () => {
  if (!installed) return;
  folder = await mkdtemp(join(tmpdir(), "lapwing-differential-"));
  const config = StoreConfig.parse({
    compaction: { enabled: false },
    retention: { metrics: "36500d" },
  });
  const parts = { clock: systemClock, log: createLogger("error"), metrics: createSelfMetrics() };
  const store = await openStore(config, { dataDir: folder, ...parts });
  const series = differentialSeries(seededRandom(seed));
  peer = await MetricPeer.start("prometheus");
  const half = scrapes / 2;
  for (const some of [part(series, 0, half), part(series, half, scrapes)]) {
    const rest = { families: new Map(), logs: new Map(), lanes: [], carrier: {} };
    await store.commit({ metrics: new Map([["t", cutMetricsOf(some)]]), ...rest }, () => {});
  }
  for (let from = 0; from < scrapes; from += 40) await peer.write(part(series, from, from + 40));
  const sources = createSources(
    createHead(),
    () => store.view(),
    (tenant) => store.families(tenant),
  );
  const engine = createPromqlEngine(sources.metrics, PromqlConfig.parse({}));
  const routes = queryRoutes({ engine, clock: systemClock, tenant: () => "t" });
  ask = async (path) => (await routes.request(path)).json();
  close = () => store.close();
}, 60_000);

afterAll(async () => {
  await peer?.stop();
  await close();
  if (folder !== "") await rm(folder, { recursive: true, force: true });
});

test.skipIf(!installed)(
  `Prometheus gives the same answers to ${queriesMax} generated queries (Debian's package prometheus must be installed)`,
  async () => {
    const random = seededRandom(seed + 1);
    const generator = new RandomPromql(random, vocabulary);
    const failed: string[] = [];
    let answered = 0;
    for (let i = 0; i < queriesMax; i++) {
      const query = generator.vector(1 + Math.floor(random() * 3));
      const path = pathOf(query, random() < 0.5, 7 + Math.floor(random() * 100));
      const theirs: unknown = await (await fetch(`${peer?.url}/api/v1${path}`)).json();
      const { reasons, samples } = differences(theirs, await ask(path));
      if (samples > 0) answered++;
      if (reasons.length > 0)
        failed.push(`${path}\n${query}\n  ${reasons.slice(0, 3).join("\n  ")}`);
    }
    expect(failed, `seed ${seed}`).toEqual([]);
    // Queries that find nothing prove little.
    expect(answered).toBeGreaterThan(queriesMax / 2);
  },
  120_000,
);

/** Seven seconds past a minute: the steps of subqueries lie on whole half minutes, so no window ends on one of them. */
function pathOf(query: string, instant: boolean, minute: number): string {
  const fromSeconds = Math.floor(startMs / 60_000) * 60 + minute * 60 + 7;
  const text = encodeURIComponent(query);
  if (instant) return `/query?query=${text}&time=${fromSeconds}`;
  return `/query_range?query=${text}&start=${fromSeconds}&end=${fromSeconds + 1_200}&step=60`;
}
