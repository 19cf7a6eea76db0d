import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageMeter, machineLoad, rounded } from "./bench_world.ts";
import { lookAtDashboards } from "./dashboard_users.ts";
import { LapwingProcess } from "./lapwing_process.ts";
import { LineReader } from "./line_reader.ts";
import { startNats } from "./nats.ts";
import { NodeHosts, intervalMs } from "./node_hosts.ts";
import { recordedScrapes } from "./recorded_scrapes.ts";
import { writeStore } from "./write_store.ts";

export type UsersOptions = {
  readonly users: number;
  /** Whose dashboards are looked at; they have six hours of history. */
  readonly hosts: number;
  readonly seconds: number;
  /** Arriving through a real NATS server from so many hosts, of which the first are those looked at. */
  readonly samplesPerSecond: number;
  readonly feedHosts: number;
  readonly refreshMs: number;
};

const historyHours = 6;
const samplesAScrape = 512;

/** How long do dashboards wait while ingest runs, and how long ingest while dashboards are asked for? */
export async function measureUsers(options: UsersOptions): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-users-"));
  const nats = await startNats();
  const dataDir = join(folder, "data");
  const nodes = new NodeHosts(await recordedScrapes(), options.hosts);
  const scrapes = (historyHours * 3_600_000) / intervalMs;
  await writeStore(dataDir, nodes, options.hosts, scrapes, true);
  const aggregator = await LapwingProcess.start({
    role: "aggregator",
    name: "aggregator",
    folder,
    config: { data_dir: dataDir, nats: { servers: [nats.url] } },
  });
  const { feedHosts } = options;
  const feedIntervalMs = (1_000 * feedHosts * samplesAScrape) / options.samplesPerSecond;
  const warmUpSeconds = 15;
  const samples = options.samplesPerSecond * (options.seconds + warmUpSeconds + 10);
  const feeder = Bun.spawn(
    [
      process.execPath,
      join(import.meta.dir, "frame_feeder.ts"),
      join(folder, "spool"),
      nats.url,
      String(feedHosts),
      String(samples),
      String(feedIntervalMs),
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  try {
    await new LineReader(feeder.stdout).next();
    await feeder.stdin.write("go\n");
    await feeder.stdin.flush();
    console.error(
      `${feedHosts} hosts every ${feedIntervalMs} ms; users come in ${warmUpSeconds} s`,
    );
    await Bun.sleep(warmUpSeconds * 1_000);
    return await measure(aggregator, options);
  } finally {
    feeder.kill("SIGKILL");
    await feeder.exited;
    await aggregator.end("SIGKILL");
    await nats.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  aggregator: LapwingProcess,
  options: UsersOptions,
): Promise<Record<string, unknown>> {
  const { url } = aggregator;
  const runMs = options.seconds * 1_000;
  const usage = new UsageMeter(aggregator);
  const began = performance.now();
  const watch = setInterval(() => usage.look(), 500);
  const [asked, delays, stalls] = await Promise.all([
    lookAtDashboards({ ...options, url, runMs }),
    freshness(url, runMs),
    stallsOf(url, runMs),
  ]);
  clearInterval(watch);
  const seconds = (performance.now() - began) / 1_000;
  const { cpuSeconds, residentMb } = usage.usage();
  for (const [failure, count] of asked.failures) console.error(`${count} x ${failure}`);
  return {
    users: options.users,
    queries: asked.times.length,
    failures: [...asked.failures.values()].reduce((sum, count) => sum + count, 0),
    ...quantiles(asked.times, ""),
    ...quantiles(delays, "freshness_"),
    ...quantiles(stalls, "stall_"),
    samples_per_s: Math.round(await ingested(url)),
    aggregator_cores: rounded(cpuSeconds / seconds, 2),
    rss_mb: residentMb,
    machine_load: machineLoad(),
  };
}

/** Samples a second that can be asked for, over the last 20 seconds. */
async function ingested(url: string): Promise<number> {
  const query = encodeURIComponent("sum(sum_over_time(scrape_samples_scraped[20s])) / 20");
  const answer = await fetch(`${url}/api/v1/query?query=${query}`);
  return Number(/"value":\[[\d.]+,"([\d.]+)"\]/.exec(await answer.text())?.[1] ?? 0);
}

/** From a scrape to the answer of a query that holds it, over and over: the feeder's first host tells when it was scraped. */
async function freshness(url: string, runMs: number): Promise<number[]> {
  const delays: number[] = [];
  const endMs = performance.now() + runMs;
  const query = encodeURIComponent('bench_scraped_ms{instance="host-0:9100"}');
  let last = 0;
  while (performance.now() < endMs) {
    const answer = await fetch(`${url}/api/v1/query?query=${query}`);
    const scrapedMs = Number(/"value":\[[\d.]+,"(\d+)"\]/.exec(await answer.text())?.[1] ?? 0);
    if (scrapedMs > last) delays.push(Date.now() - scrapedMs);
    last = Math.max(last, scrapedMs);
    await Bun.sleep(50);
  }
  return delays;
}

/** How long something waits that costs nothing: what the event loop was held up. */
async function stallsOf(url: string, runMs: number): Promise<number[]> {
  const stalls: number[] = [];
  const endMs = performance.now() + runMs;
  while (performance.now() < endMs) {
    const began = performance.now();
    await (await fetch(`${url}/-/healthy`)).bytes();
    stalls.push(performance.now() - began);
    await Bun.sleep(20);
  }
  return stalls;
}

function quantiles(values: readonly number[], prefix: string): Record<string, number> {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (quantile: number) =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? 0, 1);
  return {
    [`${prefix}p50_ms`]: at(0.5),
    [`${prefix}p99_ms`]: at(0.99),
    [`${prefix}max_ms`]: at(1),
  };
}
