/**
 * An agent without HTTP, for benchmarks of what comes after the scrape: recorded scrapes of many virtual hosts go through the real
 * parser, series table, encoder, spool and uplink, as fast as they are taken.
 *
 *     bun frame_feeder.ts FOLDER NATS_URL HOSTS SAMPLES [INTERVAL_MS [FOR_MS]]
 *
 * Prints "ready" when everything is in memory, begins at the first byte on its standard input, and prints what it sent as JSON. With an interval each host is
 * scraped so often, in real time; the first one then tells the time of its scrape as a metric `bench_scraped_ms`. With FOR_MS it feeds for so long, as fast as
 * it goes, and SAMPLES is a number that it does not reach.
 */
import { GlobalConfig, ScrapeConfigs } from "#agent/collect/scrape/config.ts";
import { resolveJob } from "#agent/collect/scrape/job.ts";
import { TargetSeries } from "#agent/collect/scrape/target_series.ts";
import { SpoolConfig } from "#agent/spool/config.ts";
import { Spool } from "#agent/spool/spool.ts";
import { createNatsUplink } from "#agent/uplink/nats_uplink.ts";
import { createAgentPort } from "#agent/uplink/port.ts";
import { NatsConfig } from "#proto/bus/nats_config.ts";
import { createLogsEncoder } from "#proto/codec/logs.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { sumOfMetric } from "./self_metrics_reader.ts";
import type { RecordedScrape } from "./recorded_scrapes.ts";
import { recordedScrapesAt15s } from "./recorded_scrapes.ts";

const intervalMs = 15_000;
/** No two hosts stand at the same place of the recording. */
const hostStep = 11;
export const samplesAScrape = 510;

/** What the feeder prints at its end: items and bytes of the frames in its spool. */
export type Fed = { readonly samples: number; readonly bytes: number };

if (import.meta.main) {
  const [folder = "", url = "", hosts = "", samples = "", interval = "0", forMs = "Infinity"] =
    process.argv.slice(2);
  await feed(folder, url, Number(hosts), (feeder) =>
    feeder.run(Number(samples), Number(interval), Number(forMs)),
  );
}

async function feed(
  folder: string,
  url: string,
  hosts: number,
  run: (feeder: Feeder) => Promise<void>,
): Promise<void> {
  const log = createLogger("warn");
  const parts = { clock: systemClock, log, metrics: createSelfMetrics() };
  const spool = await Spool.open(SpoolConfig.parse({ path: folder, when_full: "block" }), {
    ...parts,
    tenant: "default",
    agent: "feeder",
    encoders: { metrics: createMetricsEncoder, logs: createLogsEncoder },
  });
  const scrapes = await recordedScrapesAt15s();
  const port = createAgentPort(spool, systemClock, () => ({
    name: "feeder",
    version: "bench",
    startedMs: Date.now(),
    facts: {},
    labels: {},
    targets: [],
    sources: [],
    seriesLimits: [],
  }));
  await createNatsUplink(NatsConfig.parse({ servers: [url] }), parts).start(port);
  const feeder = new Feeder(spool, scrapes, hosts);
  process.stdout.write("ready\n");
  await process.stdin[Symbol.asyncIterator]().next();
  await run(feeder);
  const fed: Fed = {
    samples: await total(parts.metrics, "lapwing_spool_items_total"),
    bytes: await total(parts.metrics, "lapwing_spool_written_bytes_total"),
  };
  process.stdout.write(`${JSON.stringify(fed)}\n`);
}

async function total(metrics: SelfMetrics, name: string): Promise<number> {
  return sumOfMetric(await metrics.text(), name);
}

/** Recorded scrapes of virtual hosts on their way into a spool. */
export class Feeder {
  readonly #spool: Spool;
  readonly #scrapes: readonly (RecordedScrape & { readonly bytes: Uint8Array })[];
  readonly #hosts: readonly TargetSeries[];
  readonly #samples = new SampleColumns();
  #round = 0;

  constructor(spool: Spool, scrapes: readonly RecordedScrape[], hosts: number) {
    this.#spool = spool;
    this.#scrapes = scrapes.map((scrape) => ({ ...scrape, bytes: Buffer.from(scrape.text) }));
    const [config] = ScrapeConfigs.parse([{ job_name: "node" }]);
    if (config === undefined) throw new Error("no scrape config");
    const job = resolveJob(GlobalConfig.parse({}), config);
    this.#hosts = Array.from(
      { length: hosts },
      (_, host) => new TargetSeries({ job: "node", instance: `host-${host}:9100` }, job),
    );
  }

  /**
   * Scrapes all hosts in turn until about `samplesMax` samples are in the spool: as fast as it goes, so that the last scrapes are of
   * now, or each host once in `pacedMs`.
   */
  async run(samplesMax: number, pacedMs: number, forMs: number): Promise<void> {
    const rounds = Math.ceil(samplesMax / (this.#hosts.length * samplesAScrape));
    if (pacedMs > 0) return this.#runPaced(rounds, pacedMs);
    const startMs = Date.now() - rounds * intervalMs;
    const endMs = performance.now() + forMs;
    for (; this.#round < rounds && performance.now() < endMs; this.#round++) {
      for (const [host, series] of this.#hosts.entries())
        await this.#scrape(host, series, startMs + this.#round * intervalMs + host);
    }
    if (this.#round < rounds) await this.#scrapeNow();
  }

  /** Scrapes all hosts so many times, 15 s apart from a time on. `at` is told each time before it is written. */
  async fill(startMs: number, rounds: number, at: (ms: number) => void): Promise<void> {
    for (let i = 0; i < rounds; i++, this.#round++) {
      const scrapeMs = startMs + i * intervalMs;
      at(scrapeMs);
      for (const [host, series] of this.#hosts.entries())
        await this.#scrape(host, series, scrapeMs);
    }
  }

  /** Scrapes the first host now; its time is a metric `bench_scraped_ms`. */
  async scrapeOne(): Promise<void> {
    const [series] = this.#hosts;
    const nowMs = Date.now();
    if (series !== undefined) await this.#scrape(0, series, nowMs, `bench_scraped_ms ${nowMs}\n`);
  }

  /** So that every series is active. */
  async #scrapeNow(): Promise<void> {
    const nowMs = Date.now() - this.#hosts.length;
    for (const [host, series] of this.#hosts.entries())
      await this.#scrape(host, series, nowMs + host);
  }

  async #runPaced(rounds: number, intervalPacedMs: number): Promise<void> {
    const startMs = Date.now();
    for (; this.#round < rounds; this.#round++) {
      for (const [host, series] of this.#hosts.entries()) {
        const dueMs = startMs + (this.#round + host / this.#hosts.length) * intervalPacedMs;
        if (dueMs > Date.now()) await Bun.sleep(dueMs - Date.now());
        const scrapeMs = Date.now();
        await this.#scrape(
          host,
          series,
          scrapeMs,
          host === 0 ? `bench_scraped_ms ${scrapeMs}\n` : "",
        );
      }
    }
  }

  async #scrape(host: number, series: TargetSeries, scrapeMs: number, more = ""): Promise<void> {
    const scrape = this.#scrapes[(this.#round + host * hostStep) % this.#scrapes.length];
    if (scrape === undefined) return;
    const bytes = more === "" ? scrape.bytes : Buffer.concat([scrape.bytes, Buffer.from(more)]);
    series.parse(bytes, "prometheus", this.#samples);
    const { kept } = series.append(this.#samples, scrapeMs);
    await this.#spool.metrics.write(series.take(scrapeMs, [1, 0.01, kept, kept, 0]));
  }
}
