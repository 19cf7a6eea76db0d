import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import type { Fed } from "#test/support/frame_feeder.ts";
import { processCpuSeconds, processResidentBytes } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";

/** Of a recorded scrape, `up` and its like included. */
const seriesAHost = 507;
const minuteMs = 60_000;
/** Nobody feeds faster: times of a timed run begin so far back that they never lie ahead. */
const samplesASecondMax = 3_000_000;

/**
 * What does a sample cost between a scrape's body and a committed Parquet block? Recorded scrapes of virtual hosts are parsed, encoded, spooled
 * and sent by one process with the agent's own code, as fast as an aggregator takes them over a real nats-server. Only HTTP is left out.
 * How much: `--minutes` (2 where nothing is said; RSS is told for each) or `--samples` (about). How many series: `--series` or `--hosts`.
 * `--flush_interval` and `--flush_size` are the aggregator's own.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      series: { type: "string", default: "10000" },
      hosts: { type: "string" },
      minutes: { type: "string", default: "2" },
      samples: { type: "string" },
      flush_interval: { type: "string", default: "2s" },
      flush_size: { type: "string" },
    },
  });
  const hosts = Number(values.hosts ?? Math.ceil(Number(values.series) / seriesAHost));
  const endMs = values.samples === undefined ? Number(values.minutes) * minuteMs : Infinity;
  const world = await BenchWorld.start({
    flushInterval: values.flush_interval,
    ...(values.flush_size === undefined ? {} : { flushSize: values.flush_size }),
  });
  try {
    const feeder = world.spawn([
      join(import.meta.dir, "../support/frame_feeder.ts"),
      join(world.folder, "spool"),
      world.nats.url,
      String(hosts),
      values.samples ?? String((samplesASecondMax * endMs) / 1_000),
      "0",
      String(endMs),
    ]);
    const said = new LineReader(feeder.stdout);
    await said.next();
    const agent = new UsageMeter({
      cpuSeconds: () => processCpuSeconds(feeder.pid),
      residentBytes: () => processResidentBytes(feeder.pid),
    });
    const idleBytes = world.aggregator.residentBytes();
    const aggregator = new UsageMeter(world.aggregator);
    const resident = new ResidentSeries(world);
    const startedMs = performance.now();
    const look = (): void => {
      agent.look();
      aggregator.look();
      resident.look(performance.now() - startedMs);
    };
    await feeder.stdin.write("go\n");
    await feeder.stdin.flush();
    const looking = setInterval(look, 500);
    const fed: Fed = JSON.parse(await said.next().finally(() => clearInterval(looking)));
    console.error(`${fed.samples} samples in the spool after ${msSince(startedMs)} ms`);
    await world.waitForStored("metrics", fed.samples, look);
    const tookMs = msSince(startedMs);
    const [sent, took] = [agent.usage(), aggregator.usage()];
    const millions = fed.samples / 1e6;
    const activeSeries = await resident.activeSeries();
    return {
      samples: fed.samples,
      seconds: rounded(tookMs / 1_000, 1),
      samples_per_s: Math.round((1_000 * fed.samples) / tookMs),
      active_series: activeSeries,
      aggregator_cpu_s_per_million: rounded(took.cpuSeconds / millions),
      agent_cpu_s_per_million: rounded(sent.cpuSeconds / millions),
      aggregator_rss_mb: took.residentMb,
      aggregator_idle_rss_mb: rounded(idleBytes / 1e6, 1),
      bytes_per_series: Math.round((took.residentMb * 1e6 - idleBytes) / activeSeries),
      ...resident.summary(),
      agent_rss_mb: sent.residentMb,
      wire_bytes_per_sample: rounded(fed.bytes / fed.samples),
      compaction: "on",
      machine_load: machineLoad(),
    };
  } finally {
    await world.stop();
  }
}

/** The aggregator's largest RSS in each minute, and how it grows after the first: flat is what is wanted. */
class ResidentSeries {
  readonly #world: BenchWorld;
  readonly #peaks: number[] = [];
  #series = 0;
  #isAsking = false;

  constructor(world: BenchWorld) {
    this.#world = world;
  }

  look(atMs: number): void {
    void this.#countSeries();
    const minute = Math.floor(atMs / minuteMs);
    const residentMb = this.#world.aggregator.residentBytes() / 1e6;
    while (this.#peaks.length <= minute) {
      if (this.#peaks.length > 0) console.error(`minute ${this.#peaks.length}: ${this.#last()} MB`);
      this.#peaks.push(residentMb);
    }
    this.#peaks[minute] = Math.max(this.#last(), residentMb);
  }

  /** As a query counts them, or, where they are more than a query may read, the most that the head held at a time. */
  async activeSeries(): Promise<number> {
    return (await this.#world.activeSeries()) ?? this.#series;
  }

  async #countSeries(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const series = await readOwnMetric(this.#world.aggregator.url, "lapwing_head_series", {});
      this.#series = Math.max(this.#series, series);
    } finally {
      this.#isAsking = false;
    }
  }

  #last(): number {
    return this.#peaks.at(-1) ?? 0;
  }

  summary(): Record<string, unknown> {
    const peaks = this.#peaks.map((megabytes) => rounded(megabytes, 1));
    return { rss_mb_by_minute: peaks, rss_mb_per_minute: rounded(slopeOf(peaks.slice(1)), 2) };
  }
}

/** By least squares; 0 for fewer than two. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  let [products, squares] = [0, 0];
  for (const [i, value] of values.entries()) {
    products += (i - middle) * value;
    squares += (i - middle) ** 2;
  }
  return squares === 0 ? 0 : products / squares;
}

function msSince(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}
