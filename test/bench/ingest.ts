import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import type { Fed } from "#test/support/frame_feeder.ts";
import { processCpuSeconds, processResidentBytes } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";

/**
 * What does a sample cost between a scrape's body and a committed Parquet block? Recorded scrapes of virtual hosts are parsed, encoded, spooled
 * and sent by one process with the agent's own code, as fast as an aggregator takes them over a real nats-server. Only HTTP is left out.
 * `--hosts`, `--samples` (about), `--flush_interval`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "20" },
      samples: { type: "string", default: "5000000" },
      flush_interval: { type: "string", default: "2s" },
    },
  });
  const world = await BenchWorld.start({ flushInterval: values.flush_interval });
  try {
    const feeder = world.spawn([
      join(import.meta.dir, "../support/frame_feeder.ts"),
      join(world.folder, "spool"),
      world.nats.url,
      values.hosts,
      values.samples,
    ]);
    const said = new LineReader(feeder.stdout);
    await said.next();
    const agent = new UsageMeter({
      cpuSeconds: () => processCpuSeconds(feeder.pid),
      residentBytes: () => processResidentBytes(feeder.pid),
    });
    const aggregator = new UsageMeter(world.aggregator);
    const startedMs = performance.now();
    await feeder.stdin.write("go\n");
    await feeder.stdin.flush();
    const fed: Fed = JSON.parse(await said.next());
    console.error(`${fed.samples} samples in the spool after ${msSince(startedMs)} ms`);
    await world.waitForStored("metrics", fed.samples, () => {
      agent.look();
      aggregator.look();
    });
    const tookMs = msSince(startedMs);
    const [sent, took] = [agent.usage(), aggregator.usage()];
    const millions = fed.samples / 1e6;
    return {
      samples: fed.samples,
      samples_per_s: Math.round((1_000 * fed.samples) / tookMs),
      active_series: await world.activeSeries(),
      aggregator_cpu_s_per_million: rounded(took.cpuSeconds / millions),
      agent_cpu_s_per_million: rounded(sent.cpuSeconds / millions),
      aggregator_rss_mb: took.residentMb,
      agent_rss_mb: sent.residentMb,
      wire_bytes_per_sample: rounded(fed.bytes / fed.samples),
      machine_load: machineLoad(),
    };
  } finally {
    await world.stop();
  }
}

function msSince(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}
