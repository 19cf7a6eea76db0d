import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { NodeHosts } from "#test/support/node_hosts.ts";
import { recordedScrapes } from "#test/support/recorded_scrapes.ts";
import { writeTiers } from "#test/support/write_tiers.ts";
import { ask, chosenQueries, dropPageCache, timesOf } from "./query.ts";

/** What is asked of a month, by name: the query, and its step in seconds. */
const queries: Readonly<Record<string, readonly [query: string, stepSeconds: number]>> = {
  sum_by_rate: ["sum by (instance) (rate(node_cpu_seconds_total[1h]))", 3_600],
  sum_by_rate_fine: ["sum by (instance) (rate(node_cpu_seconds_total[1h]))", 900],
  max_over_time: ["max by (instance) (max_over_time(node_load1[6h]))", 21_600],
  one_series: ['node_load1{instance="host-0:9100"}', 3_600],
};
/** Of other metrics: after them the code has run, and nothing of what is asked for was read. */
const others = [
  "node_disk_reads_completed_total",
  "node_network_receive_bytes_total",
  "node_network_transmit_bytes_total",
  "node_softnet_processed_total",
  "node_disk_io_time_seconds_total",
].map((name) => `sum by (instance) (rate(${name}[1h]))`);
const bucketMs = 300_000;
const dayMs = 86_400_000;

/**
 * How long does query_range take over a month of ten hosts, all of it in buckets of five minutes? Cold (asked first after a start, the
 * data dropped from the page cache where the kernel lets us), with cold blocks (the same in a process that has answered queries of other metrics)
 * and warm. `--hosts`, `--days`, `--rounds`, `--cold_rounds`, `--queries sum_by_rate,...` for some alone,
 * `--data DIR` (kept there, and used again).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "10" },
      days: { type: "string", default: "30" },
      rounds: { type: "string", default: "15" },
      cold_rounds: { type: "string", default: "5" },
      queries: { type: "string" },
      data: { type: "string" },
    },
  });
  const scrapes = await recordedScrapes();
  if (scrapes.length === 0) return { skipped: "the recorded scrapes are absent" };
  const hosts = Number(values.hosts);
  const days = Number(values.days);
  const chosen = chosenQueries(queries, values.queries);
  const nodes = new NodeHosts(scrapes, hosts);
  const folder = values.data ?? (await mkdtemp(join(tmpdir(), "lapwing-tiers-")));
  const dataDir = join(folder, "data");
  const start = () =>
    LapwingProcess.start({
      role: "up",
      name: "lapwing",
      folder,
      config: {
        data_dir: dataDir,
        sources: [],
        scrape_configs: [],
        storage: { retention: { metrics: "60d" } },
      },
    });
  const restarted = async (process: LapwingProcess) => {
    await process.end("SIGTERM");
    return start();
  };
  try {
    const { startMs, buckets, bytes } = await writeTiers(dataDir, nodes, hosts, days, bucketMs);
    const bounds = { startMs, endMs: startMs + days * dayMs };
    let process = await start();
    const cold: Record<string, ReturnType<typeof timesOf>> = {};
    const coldBlocks: Record<string, ReturnType<typeof timesOf>> = {};
    const warm: Record<string, ReturnType<typeof timesOf>> = {};
    try {
      for (const [name, [query, step]] of chosen) {
        const [times, blockTimes]: [number[], number[]] = [[], []];
        for (let round = 0; round < Number(values.cold_rounds); round++) {
          process = await restarted(process);
          await dropPageCache(folder);
          // Code that has never run is not what "cold" asks for.
          await ask(process.url, "vector(1)", bounds, 3_600);
          times.push(await ask(process.url, query, bounds, step));
          process = await restarted(process);
          for (const other of others) await ask(process.url, other, bounds, 3_600);
          await dropPageCache(folder);
          blockTimes.push(await ask(process.url, query, bounds, step));
        }
        cold[name] = timesOf(times);
        coldBlocks[name] = timesOf(blockTimes);
      }
      for (const [name, [query, step]] of chosen) {
        for (let round = 0; round < 3; round++) await ask(process.url, query, bounds, step);
        const times: number[] = [];
        for (let round = 0; round < Number(values.rounds); round++)
          times.push(await ask(process.url, query, bounds, step));
        warm[name] = timesOf(times);
      }
      const residentMb = rounded(process.residentBytes() / 1e6, 1);
      return {
        series: nodes.series,
        days,
        buckets,
        bytes_per_bucket: rounded(bytes / buckets, 2),
        ...warm["sum_by_rate"],
        warm,
        cold,
        cold_blocks: coldBlocks,
        rss_mb: residentMb,
        machine_load: machineLoad(),
      };
    } finally {
      await process.end("SIGTERM");
    }
  } finally {
    if (values.data === undefined) await rm(folder, { recursive: true, force: true });
  }
}
