import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { buildAgent } from "#test/support/build_agent.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";

/**
 * What does it cost to read a host every second and to ship it every 15? The compiled agent with host metrics alone, plain at 15 s, plain at 1 s, and
 * adaptive, one after the other, each sending to a real aggregator over a real nats-server. Then one order for all that the ring holds. `--seconds`,
 * `--warm_up` (seconds before), `--ship`, `--agent PATH` (a compiled agent; built where absent; `source`: this one).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "120" },
      warm_up: { type: "string", default: "60" },
      ship: { type: "string", default: "15s" },
      agent: { type: "string" },
    },
  });
  const { seconds, warm_up: warmUp, ship } = values;
  const adaptive = { adaptive_resolution: { ship, metrics: { match: '{job="node"}' } } };
  const forms = {
    plain: { sources: [{ type: "host_metrics", interval: ship }] },
    every_second: { sources: [{ type: "host_metrics", interval: "1s" }] },
    adaptive: { sources: [{ type: "host_metrics", interval: ship }], ...adaptive },
  };
  const measured: Record<string, unknown> = {};
  const world = await BenchWorld.start();
  try {
    const binary = values.agent ?? (await buildAgent(world.folder));
    for (const [name, config] of Object.entries(forms)) {
      console.error(`${name}: ${warmUp} s to warm up, ${seconds} s to measure ...`);
      const own = { ...config, data_dir: join(world.folder, name) };
      const agent = await world.startAgent(own, binary === "source" ? undefined : [binary]);
      await Bun.sleep(1_000 * Number(warmUp));
      const plain = await measure(agent, Number(seconds));
      measured[name] = name === "adaptive" ? { ...plain, ...(await ringOf(agent.url)) } : plain;
      await agent.end("SIGKILL");
    }
  } finally {
    await world.stop();
  }
  return { ...measured, machine_load: machineLoad() };
}

async function measure(agent: LapwingProcess, seconds: number) {
  const items = () => readOwnMetric(agent.url, "lapwing_source_items_total");
  const before = { sent: await sentBytes(agent.url), items: await items() };
  const [startedMs, meter] = [performance.now(), new UsageMeter(agent)];
  while (performance.now() - startedMs < 1_000 * seconds) {
    await Bun.sleep(Math.min(1_000, 100 * seconds));
    meter.look();
  }
  const [took, used] = [(performance.now() - startedMs) / 1_000, meter.usage()];
  return {
    agent_cpu_percent: rounded((100 * used.cpuSeconds) / took, 2),
    agent_rss_mb: used.residentMb,
    samples_per_s: rounded(((await items()) - before.items) / took, 1),
    wire_bytes_per_s: rounded(((await sentBytes(agent.url)) - before.sent) / took, 1),
  };
}

/** What the ring takes, and what an order for all of it does. */
async function ringOf(url: string) {
  const [bytes, rows] = [
    await readOwnMetric(url, "lapwing_adaptive_ring_bytes"),
    await readOwnMetric(url, "lapwing_adaptive_ring_rows"),
  ];
  const before = await sentBytes(url);
  const order = await askForAll(url);
  const sent = (await settledBytes(url)) - before;
  return {
    ring_bytes: bytes,
    ring_rows: rows,
    ring_bytes_per_series_minute: rounded((60 * bytes) / (rows * order.series), 1),
    order: { ...order, wire_bytes: sent },
  };
}

/** One order for all of the ring: what it ships, and how long it takes. */
async function askForAll(url: string) {
  const startedMs = performance.now();
  const answer = await fetch(new URL("/api/v1/resolution", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ before: "10m" }),
  });
  const { series = 0, samples = 0 } = Object(await answer.json());
  return {
    series: Number(series),
    samples: Number(samples),
    ms: Math.round(performance.now() - startedMs),
  };
}

/** As soon as they have not grown for a second. */
async function settledBytes(url: string): Promise<number> {
  for (let before = await sentBytes(url); ;) {
    await Bun.sleep(1_000);
    const now = await sentBytes(url);
    if (now === before) return now;
    before = now;
  }
}

function sentBytes(url: string): Promise<number> {
  return readOwnMetric(url, "lapwing_uplink_bytes_total", { signal: "metrics" });
}
