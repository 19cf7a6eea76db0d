import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { buildAgent } from "#test/support/build_agent.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { type ManyTargetsReport, addressOf, manyTargetsJob } from "#test/support/many_targets.ts";
import { sumOfMetric } from "#test/support/self_metrics_reader.ts";

const seed = "bench";

/**
 * How late do scrapes begin where one agent has thousands of targets? The compiled agent, sending to a real aggregator over a real nats-server; all targets
 * are one other process, which tells when each request came and knows the agent's schedule. It shares the machine, so that delays of its own
 * are in the figures. CPU and RSS are the agent's alone. `--targets`, `--series` (of each), `--interval`, `--seconds`, `--warm_up` (seconds before), `--hanging` (targets that never
 * answer), `--agent` (PATH of a compiled agent, built where absent, or "source": Bun and the source).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      targets: { type: "string", default: "10000" },
      series: { type: "string", default: "30" },
      interval: { type: "string", default: "15" },
      seconds: { type: "string", default: "120" },
      warm_up: { type: "string", default: "60" },
      hanging: { type: "string", default: "0" },
      agent: { type: "string" },
    },
  });
  const [targets, interval] = [Number(values.targets), Number(values.interval)];
  const world = await BenchWorld.start();
  try {
    const binary =
      values.agent === "source" ? undefined : (values.agent ?? (await buildAgent(world.folder)));
    const generator = world.spawn([
      join(import.meta.dir, "../support/many_targets.ts"),
      values.targets,
      values.series,
      String(1_000 * interval),
      seed,
      values.hanging,
    ]);
    const said = new LineReader(generator.stdout);
    const port = await said.next();
    const report = async (): Promise<ManyTargetsReport> => {
      await generator.stdin.write("?\n");
      await generator.stdin.flush();
      return JSON.parse(await said.next());
    };
    const agent = await world.startAgent(
      agentConfig(world.folder, targets, port, `${interval}s`),
      binary === undefined ? undefined : [binary],
    );
    console.error(`${targets} targets, warming up for ${values.warm_up} s ...`);
    await Bun.sleep(Number(values.warm_up) * 1_000);
    const first = await report();
    console.error(`while warming up: ${JSON.stringify(first)}`);
    const figures = await measure(world, agent, { seconds: Number(values.seconds), report });
    const expected = (targets * figures.seconds) / interval;
    return {
      targets,
      series_a_target: Number(values.series),
      interval_s: interval,
      hanging: Number(values.hanging),
      ...figures,
      missed: Math.max(0, Math.round(expected - figures.scrapes)),
      start_jitter_max_ms: first.maxMs,
      agent_kind: binary === undefined ? "source" : "compiled",
      machine_load: machineLoad(),
    };
  } finally {
    await world.stop();
  }
}

type Measured = { readonly seconds: number; readonly report: () => Promise<ManyTargetsReport> };

async function measure(world: BenchWorld, agent: LapwingProcess, { seconds, report }: Measured) {
  console.error(`measuring for ${seconds} s ...`);
  const before = await ownMetrics(agent.url);
  const [meter, central] = [new UsageMeter(agent), new UsageMeter(world.aggregator)];
  const startedMs = performance.now();
  while (performance.now() - startedMs < seconds * 1_000) {
    await Bun.sleep(Math.min(1_000, seconds * 100));
    meter.look();
    central.look();
  }
  const seen = await report();
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  const [used, took] = [meter.usage(), central.usage()];
  const after = await ownMetrics(agent.url);
  const series = await world.activeSeries();
  const grown = (name: string) => sumOfMetric(after, name) - sumOfMetric(before, name);
  const samples = grown("lapwing_spool_items_total");
  return {
    jitter_p50_ms: seen.p50Ms,
    jitter_p99_ms: seen.p99Ms,
    jitter_max_ms: seen.maxMs,
    scrapes: seen.scrapes,
    scrapes_per_s: rounded(seen.scrapes / seen.seconds, 1),
    unseen_targets: seen.unseen,
    reused_connections: rounded(seen.reused / Math.max(1, seen.scrapes)),
    agent_cpu_percent: rounded((100 * used.cpuSeconds) / tookSeconds, 1),
    agent_rss_mb: used.residentMb,
    agent_open_files: readdirSync(`/proc/${agent.pid}/fd`).length,
    series,
    bytes_per_series: Math.round((used.residentMb * 1e6) / (series ?? 1)),
    samples_per_s: Math.round(samples / tookSeconds),
    spool_bytes_per_sample: rounded(grown("lapwing_spool_written_bytes_total") / samples),
    aggregator_cpu_percent: rounded((100 * took.cpuSeconds) / tookSeconds, 1),
    aggregator_rss_mb: took.residentMb,
    ...(await lists(agent, world)),
    errors: errorsIn(join(world.folder, "agent.log")),
    seconds: tookSeconds,
  };
}

/** What it takes to show all targets: the agent's own list, and what the aggregator knows of them. */
async function lists(agent: LapwingProcess, world: BenchWorld) {
  const own = await timed(new URL("/targets", agent.url));
  const central = await timed(new URL("/api/v1/targets?state=active", world.aggregator.url));
  const known = JSON.parse(central.text).data.activeTargets.length;
  return {
    targets_page_ms: own.ms,
    targets_page_bytes: own.bytes,
    aggregator_targets_ms: central.ms,
    aggregator_targets: known,
  };
}

async function timed(url: URL) {
  const startedMs = performance.now();
  const text = await (await fetch(url)).text();
  return { ms: Math.round(performance.now() - startedMs), bytes: text.length, text };
}

async function ownMetrics(url: string): Promise<string> {
  return (await fetch(new URL("/metrics", url))).text();
}

/** Lines of the agent's log that are warnings or worse, by message. */
function errorsIn(log: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of readFileSync(log, "utf8").split("\n")) {
    if (!/"level":"?(?:warn|error|fatal|40|50|60)/.test(line)) continue;
    const message = /"msg":"([^"]*)"/.exec(line)?.[1] ?? line;
    counts[message] = (counts[message] ?? 0) + 1;
  }
  return counts;
}

function agentConfig(folder: string, targets: number, port: string, interval: string) {
  const file = join(folder, "targets.json");
  const addresses = Array.from({ length: targets }, (_, i) => `${addressOf(i)}:${port}`);
  writeFileSync(file, JSON.stringify([{ targets: addresses }]));
  return {
    agent: { name: seed },
    sources: [],
    scrape_configs: [
      {
        job_name: manyTargetsJob,
        scrape_interval: interval,
        scrape_timeout: interval,
        file_sd_configs: [{ files: [file] }],
      },
    ],
  };
}
