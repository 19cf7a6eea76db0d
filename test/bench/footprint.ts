import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { buildAgent } from "#test/support/build_agent.ts";
import { hostServiceNames, startHostServices } from "#test/support/host_services.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";

const Services = z.object({ integrations: z.array(z.object({ state: z.string() })) });

const root = join(import.meta.dir, "../..");

/**
 * What does an agent cost its host? The compiled agent with host metrics, five targets, a log file and five services of this host (those of
 * `--integrations` that are installed), sending to a real aggregator over a real nats-server; what is scraped and tailed is made by another
 * process, and so are the services. CPU and RSS are the agent's alone, at steady state: the largest RSS that is seen in looks a second apart.
 * `--seconds`, `--warm_up` (seconds before), `--series` (of the targets together; the host adds some 500), `--lines` (a second), `--interval`,
 * `--integrations` (names with commas between; "" is none), `--agent PATH` (a compiled agent; built where absent).
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
      integrations: { type: "string", default: hostServiceNames.join(",") },
      agent: { type: "string" },
    },
  });
  const world = await BenchWorld.start();
  let services: Awaited<ReturnType<typeof startHostServices>> | undefined;
  try {
    services = await startHostServices(values.integrations.split(",").filter(Boolean));
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
    const { integrations } = services;
    const config = agentConfig(JSON.parse(ports), logs, values.interval, integrations);
    const agent = await world.startAgent(config, [binary]);
    console.error(`warming up for ${values.warm_up} s ...`);
    await Bun.sleep(Number(values.warm_up) * 1_000);
    return await measure(world, agent, Number(values.seconds));
  } finally {
    await world.stop();
    await services?.stop();
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
    agent_anonymous_mb: rounded(memoryOf(agent.pid, "RssAnon") / 1e6, 1),
    // Over its whole life, the start with it.
    agent_peak_mb: rounded(memoryOf(agent.pid, "VmHWM") / 1e6, 1),
    agent_cpu_percent: rounded((100 * used.cpuSeconds) / tookSeconds, 2),
    series: await world.activeSeries(),
    integrations: await runningIntegrations(agent),
    log_lines_per_s: Math.round(linesRead / tookSeconds),
    seconds: Math.round(tookSeconds),
    machine_load: machineLoad(),
  };
}

/** Bytes that /proc/PID/status has under a key. */
function memoryOf(pid: number, key: "RssAnon" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1_024;
}

/** Services that the agent asks and that answer, those that it found by itself among them. */
async function runningIntegrations(agent: LapwingProcess): Promise<number> {
  const response = await fetch(new URL("/integrations", agent.url));
  const { integrations } = Services.parse(await response.json());
  return integrations.filter(({ state }) => state === "running").length;
}

function agentConfig(
  ports: readonly number[],
  logs: string,
  interval: string,
  services: Readonly<Record<string, unknown>>,
) {
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
    integrations: { detect: true, interval, ...services },
  };
}
