import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { buildAgent } from "#test/support/build_agent.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";

const root = join(import.meta.dir, "../..");

/**
 * What does an agent cost its host? The compiled agent with host metrics, five targets and a log file, sending to a real aggregator over
 * a real nats-server; what is scraped and tailed is made by another process. CPU and RSS are the agent's alone, at steady state.
 * `--seconds`, `--warm_up` (seconds before), `--series` (of the targets together; the host adds some 500), `--lines` (a second), `--interval`,
 * `--agent PATH` (a compiled agent; built where absent).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "120" },
      warm_up: { type: "string", default: "90" },
      targets: { type: "string", default: "5" },
      series: { type: "string", default: "4500" },
      lines: { type: "string", default: "1000" },
      interval: { type: "string", default: "15s" },
      agent: { type: "string" },
    },
  });
  const world = await BenchWorld.start();
  try {
    const binary = values.agent ?? (await buildAgent(world.folder));
    const targets = Number(values.targets);
    const series = Math.round(Number(values.series) / targets);
    const logs = join(world.folder, "logs");
    mkdirSync(logs);
    const load = world.spawn([
      join(root, "test/support/host_load.ts"),
      ...[targets, series, logs, values.lines].map(String),
    ]);
    const ports = await new LineReader(load.stdout).next();
    const config = agentConfig(JSON.parse(ports), logs, values.interval);
    const agent = await world.startAgent(config, [binary]);
    console.error(`warming up for ${values.warm_up} s ...`);
    await Bun.sleep(Number(values.warm_up) * 1_000);
    return await measure(world, agent, Number(values.seconds));
  } finally {
    await world.stop();
  }
}

async function measure(world: BenchWorld, agent: LapwingProcess, seconds: number) {
  console.error(`measuring for ${seconds} s ...`);
  const lines = () =>
    readOwnMetric(agent.url, "lapwing_source_items_total", { source: "file_logs" });
  const linesBefore = await lines();
  const [startedMs, meter] = [performance.now(), new UsageMeter(agent)];
  while (performance.now() - startedMs < seconds * 1_000) {
    await Bun.sleep(Math.min(1_000, seconds * 100));
    meter.look();
  }
  const [tookSeconds, used] = [(performance.now() - startedMs) / 1_000, meter.usage()];
  const linesRead = (await lines()) - linesBefore;
  return {
    agent_rss_mb: used.residentMb,
    // Of that: memory of its own. The rest is pages of the program's file, which the kernel may drop at any time.
    agent_anonymous_mb: rounded(anonymousBytes(agent.pid) / 1e6, 1),
    agent_cpu_percent: rounded((100 * used.cpuSeconds) / tookSeconds, 2),
    series: await world.activeSeries(),
    log_lines_per_s: Math.round(linesRead / tookSeconds),
    seconds: Math.round(tookSeconds),
    machine_load: machineLoad(),
  };
}

function anonymousBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

function agentConfig(ports: readonly number[], logs: string, interval: string) {
  return {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: [
      {
        job_name: "node",
        static_configs: [{ targets: ports.map((port) => `127.0.0.1:${port}`) }],
      },
    ],
    sources: [
      { type: "host_metrics", interval },
      { type: "file_logs", paths: [join(logs, "*.log")], start_at: "beginning" },
      { type: "self_logs" },
    ],
    // What users have: what it costs to look for services is part of the footprint.
    integrations: { detect: true },
  };
}
