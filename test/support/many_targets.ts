/**
 * Thousands of targets, as a process of its own, so that their cost is not the agent's:
 *
 *     bun many_targets.ts TARGETS SERIES INTERVAL_MS SEED [HANGING [JOBS]]
 *
 * One HTTP server on all of 127.0.0.0/8: each target has an address of its own, so that each takes a connection of its own. Answers are made once, but for a few
 * numbers. HANGING of the targets take requests and never answer. With JOBS target i
 * is of the job `many-(i modulo JOBS)`, else all are of `many`. Prints its port; for each line that it reads it prints what came
 * since the one before (ManyTargetsReport) as JSON.
 */
import { GlobalConfig, ScrapeConfigs } from "#agent/collect/scrape/config.ts";
import { resolveJob } from "#agent/collect/scrape/job.ts";
import { buildTarget, offsetMs } from "#agent/collect/scrape/target.ts";
import { formatDuration } from "#shared/text/duration.ts";
import { LineReader } from "./line_reader.ts";

/** What was seen of the scrapes: how far each began from its tick of the schedule, as its request arrived. */
export type ManyTargetsReport = {
  readonly seconds: number;
  readonly scrapes: number;
  /** Of them, those over a connection that the target had before. */
  readonly reused: number;
  /** Targets that were not scraped since the last report. */
  readonly unseen: number;
  /** Milliseconds between the tick and the arrival of the request. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

export const manyTargetsJob = "many";

/** Its address without a port. At most 65,000 of them. */
export function addressOf(target: number): string {
  return `127.${10 + Math.floor(target / 62_500)}.${Math.floor(target / 250) % 250}.${1 + (target % 250)}`;
}

class Arrivals {
  readonly #delaysMs: number[] = [];
  readonly #offsetsMs: readonly number[];
  readonly #intervalMs: number;
  readonly #seen = new Set<number>();
  readonly #ports: Uint16Array;
  #reused = 0;
  #startedMs = performance.now();

  constructor(offsetsMs: readonly number[], intervalMs: number) {
    this.#offsetsMs = offsetsMs;
    this.#intervalMs = intervalMs;
    this.#ports = new Uint16Array(offsetsMs.length);
  }

  add(target: number, peerPort: number): void {
    const nowMs = performance.timeOrigin + performance.now();
    const interval = this.#intervalMs;
    const delayMs = (nowMs - (this.#offsetsMs[target] ?? 0)) % interval;
    // Timers may be a little early.
    this.#delaysMs.push(delayMs > interval - 50 ? delayMs - interval : delayMs);
    this.#seen.add(target);
    if (this.#ports[target] === peerPort) this.#reused++;
    this.#ports[target] = peerPort;
  }

  take(): ManyTargetsReport {
    const sorted = Float64Array.from(this.#delaysMs).toSorted();
    const at = (share: number) =>
      Math.round(
        10 * (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0),
      ) / 10;
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    const report = {
      seconds,
      scrapes: sorted.length,
      reused: this.#reused,
      unseen: this.#offsetsMs.length - this.#seen.size,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(1),
    };
    this.#delaysMs.length = 0;
    this.#seen.clear();
    this.#reused = 0;
    this.#startedMs = performance.now();
    return report;
  }
}

type Schedule = {
  readonly targets: number;
  readonly jobs: number;
  readonly port: number;
  readonly intervalMs: number;
  readonly seed: string;
};

/** The schedule that an agent of this seed keeps, by the agent's own code. */
function offsetsOf({ targets, jobs, port, intervalMs, seed }: Schedule): number[] {
  const names =
    jobs === 0
      ? [manyTargetsJob]
      : Array.from({ length: jobs }, (_, job) => `${manyTargetsJob}-${job}`);
  const interval = formatDuration(intervalMs);
  const configs = ScrapeConfigs.parse(
    names.map((name) => ({ job_name: name, scrape_interval: interval, scrape_timeout: interval })),
  );
  const resolved = configs.map((config) => resolveJob(GlobalConfig.parse({}), config));
  return Array.from({ length: targets }, (_, target) => {
    const job = resolved[target % resolved.length];
    if (job === undefined) throw new Error("no scrape config");
    const built = buildTarget(job, { __address__: `${addressOf(target)}:${port}` });
    if (built.kind !== "target") throw new Error(built.reason);
    return offsetMs(built.target, seed);
  });
}

/** Families of counters and gauges with five series each; one of ten values changes. */
function bodyParts(series: number): string[] {
  const parts: string[] = [];
  let text = "";
  for (let i = 0; i < series; i++) {
    const family = Math.floor(i / 5);
    if (i % 5 === 0)
      text += `# HELP app_requests_${family}_total Requests of a kind that were answered.\n# TYPE app_requests_${family}_total counter\n`;
    text += `app_requests_${family}_total{code="${200 + (i % 5)}",handler="/api/v1/items"} `;
    if (i % 10 === 0) {
      parts.push(text);
      text = "\n";
    } else text += `${1_000 + i}\n`;
  }
  return [...parts, text];
}

if (import.meta.main) {
  const [targets = 0, series = 0, intervalMs = 0] = process.argv.slice(2, 5).map(Number);
  const [seed = "", hanging = "0", jobs = "0"] = process.argv.slice(5);
  const parts = bodyParts(series);
  const headers = { "Content-Type": "text/plain; version=0.0.4" };
  let arrivals = new Arrivals([], intervalMs);
  let rounds = 0;
  const { promise: never } = Promise.withResolvers<Response>();
  const places = new Map(Array.from({ length: targets }, (_, i) => [addressOf(i), i] as const));
  const served = Bun.serve({
    port: 0,
    hostname: "0.0.0.0",
    idleTimeout: 120,
    fetch: (request, server) => {
      const host = request.headers.get("host") ?? "";
      const target = places.get(host.slice(0, host.indexOf(":"))) ?? 0;
      arrivals.add(target, server.requestIP(request)?.port ?? 0);
      return target < Number(hanging)
        ? never
        : new Response(parts.join(String(rounds++)), { headers });
    },
  });
  const port = served.port ?? 0;
  const schedule = { targets, jobs: Number(jobs), port, intervalMs, seed };
  arrivals = new Arrivals(offsetsOf(schedule), intervalMs);
  process.stdout.write(`${served.port}\n`);
  const asked = new LineReader(Bun.stdin.stream());
  for (;;) {
    await asked.next();
    process.stdout.write(`${JSON.stringify(arrivals.take())}\n`);
  }
}
