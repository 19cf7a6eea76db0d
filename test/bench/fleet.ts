import { join } from "node:path";
import { parseArgs } from "node:util";
import { hostExpressions } from "#ui/views/hosts/host_rows.ts";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import type { FleetSent } from "#test/support/fleet_generator.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";

const minuteSeconds = 60;
const sparklinePoints = 40;

/**
 * What do 500 agents cost an aggregator that are there and send a little? One generator with a connection an agent, whose uplink, frames and heartbeats (every 5 s) are a real
 * agent's, a real nats-server, a real aggregator. CPU and RSS are the aggregator's alone, at steady state, with its own flush interval. Then how long it takes to answer what
 * the hosts page asks. `--agents`, `--series` (of each), `--interval`, `--seconds`, `--warm_up` (seconds before), `--rounds` (of each question).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      agents: { type: "string", default: "500" },
      series: { type: "string", default: "500" },
      interval: { type: "string", default: "15" },
      seconds: { type: "string", default: "180" },
      warm_up: { type: "string", default: "60" },
      rounds: { type: "string", default: "15" },
    },
  });
  const world = await BenchWorld.start();
  try {
    const generator = world.spawn([
      join(import.meta.dir, "../support/fleet_generator.ts"),
      world.nats.url,
      values.agents,
      values.series,
      values.interval,
    ]);
    const said = new LineReader(generator.stdout);
    const sent = async (): Promise<FleetSent> => {
      await generator.stdin.write("?\n");
      await generator.stdin.flush();
      return JSON.parse(await said.next());
    };
    await said.next();
    console.error(`${values.agents} agents are there, warming up for ${values.warm_up} s ...`);
    await Bun.sleep(Number(values.warm_up) * 1_000);
    const used = await measure(world, sent, Number(values.seconds));
    const answers = await ask(world.aggregator.url, Number(values.rounds));
    const held = await readOwnMetric(world.aggregator.url, "lapwing_ingest_held_frames");
    return { ...used, ...answers, held_frames: held, machine_load: machineLoad() };
  } finally {
    await world.stop();
  }
}

async function measure(world: BenchWorld, sent: () => Promise<FleetSent>, seconds: number) {
  console.error(`measuring for ${seconds} s ...`);
  const before = await sent();
  const [startedMs, meter] = [performance.now(), new UsageMeter(world.aggregator)];
  while (performance.now() - startedMs < seconds * 1_000) {
    await Bun.sleep(Math.min(1_000, seconds * 100));
    meter.look();
  }
  const after = await sent();
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  const { cpuSeconds, residentMb } = meter.usage();
  const rate = (of: (one: FleetSent) => number) => (of(after) - of(before)) / tookSeconds;
  return {
    agents: after.agents,
    aggregator_cpu_percent: rounded((100 * cpuSeconds) / tookSeconds, 1),
    aggregator_rss_mb: residentMb,
    heartbeats_per_s: rounded(
      rate(({ heartbeats }) => heartbeats),
      1,
    ),
    frames_per_s: rounded(
      rate(({ frames }) => frames),
      1,
    ),
    samples_per_s: Math.round(rate(({ samples }) => samples)),
    wire_bytes_per_sample: rounded(
      rate(({ frameBytes }) => frameBytes) / rate(({ samples }) => samples),
    ),
    series: await world.activeSeries(),
    waiting_mb: rounded(after.waitingBytes / 1e6, 1),
    minutes: rounded(tookSeconds / minuteSeconds, 1),
  };
}

/** Milliseconds of each question: the median and the worst. */
async function ask(url: string, rounds: number) {
  const end = Math.floor(Date.now() / 1_000);
  const stepMs = (3_600 * 1_000) / sparklinePoints;
  const figures = hostExpressions.map((expression) => {
    const query = encodeURIComponent(expression(stepMs));
    const path = `/api/v1/query_range?query=${query}&start=${end - 3_600}&end=${end}&step=${stepMs / 1_000}`;
    return { path, init: {} };
  });
  const questions: Record<string, readonly { path: string; init: RequestInit }[]> = {
    list_agents: [rpc("ListAgents")],
    list_agents_summary: [rpc("ListAgents", { summary: true })],
    loss_account: [rpc("GetLossAccount")],
    targets: [{ path: "/api/v1/targets", init: {} }],
    own_metrics: [{ path: "/metrics", init: {} }],
    // All figures of the page, at once, as it asks.
    hosts_page: [rpc("ListAgents", { summary: true }), ...figures],
  };
  const told: Record<string, unknown> = {};
  for (const [name, requests] of Object.entries(questions)) {
    const times: number[] = [];
    let bytes = 0;
    for (let round = 0; round < rounds; round++) {
      const startedMs = performance.now();
      const texts = await Promise.all(
        requests.map(async ({ path, init }) => {
          const response = await fetch(new URL(path, url), init);
          if (!response.ok) throw new Error(`${path}: ${response.status}`);
          return response.text();
        }),
      );
      times.push(performance.now() - startedMs);
      bytes = texts.reduce((sum, text) => sum + text.length, 0);
    }
    times.sort((a, b) => a - b);
    told[`${name}_ms`] = rounded(times[Math.floor(times.length / 2)] ?? 0, 1);
    told[`${name}_max_ms`] = rounded(times.at(-1) ?? 0, 1);
    told[`${name}_bytes`] = bytes;
  }
  return told;
}

function rpc(method: string, request: Readonly<Record<string, unknown>> = {}) {
  return {
    path: `/lapwing.v1.QueryService/${method}`,
    init: {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
    },
  };
}
