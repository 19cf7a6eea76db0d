import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseDuration } from "#shared/text/duration.ts";
import { asking } from "#test/support/asking.ts";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { LineReader } from "#test/support/line_reader.ts";
import type { SentPackets } from "#test/support/statsd_sender.ts";

/**
 * What does a packet of StatsD over UDP cost an agent, and does it lose any? A process of its own sends `--packets` at `--rate` a second, one line each, of
 * `--series` series; the agent's CPU is measured from the first packet to when the last write is there. What was received is what the stored counters and
 * histograms add up to, so what is lost anywhere is.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      packets: { type: "string", default: "2000000" },
      rate: { type: "string", default: "100000" },
      series: { type: "string", default: "1000" },
      interval: { type: "string", default: "5s" },
    },
  });
  const world = await BenchWorld.start();
  try {
    const agent = await world.startAgent({
      sources: [],
      receivers: { statsd: { udp_listen: "127.0.0.1:0", interval: values.interval } },
    });
    const log = readFileSync(join(world.folder, "agent.log"), "utf8");
    const port = /"port":(\d+)[^\n]*StatsD is taken over UDP/.exec(log)?.[1] ?? "0";
    const file = join(import.meta.dir, "../support/statsd_sender.ts");
    const sender = world.spawn([file, port, values.packets, values.rate, values.series]);
    const said = new LineReader(sender.stdout);
    await said.next();
    const meter = new UsageMeter(agent);
    await sender.stdin.write("\n");
    await sender.stdin.flush();
    const looking = setInterval(() => meter.look(), 250);
    const sent: SentPackets = JSON.parse(await said.next().finally(() => clearInterval(looking)));
    const received = await settled(world.aggregator.url, parseDuration(values.interval) ?? 0);
    const { cpuSeconds, residentMb } = meter.usage();
    return {
      packets: sent.packets,
      packets_per_s: Math.round(sent.packets / sent.seconds),
      lost: sent.packets - received,
      cpu_s_per_million: rounded((1e6 * cpuSeconds) / sent.packets),
      /** Of one core, while packets came. */
      cpu_share: rounded(cpuSeconds / sent.seconds),
      rss_mb: residentMb,
      machine_load: machineLoad(),
    };
  } finally {
    await world.stop();
  }
}

/** What all stored series add up to, when two writes have not changed it. */
async function settled(url: string, intervalMs: number): Promise<number> {
  const lapwing = asking(url);
  const total = async (query: string) => (await lapwing.promql(query))[0]?.value ?? 0;
  let [received, since] = [-1, performance.now()];
  for (;;) {
    const now =
      (await total("sum(bench_hits_items)")) +
      (await total("sum(histogram_count(bench_times_items))"));
    if (now !== received) [received, since] = [now, performance.now()];
    if (received > 0 && performance.now() - since > 2 * intervalMs) return received;
    if (performance.now() - since > 60_000) throw new Error("nothing was stored for a minute");
    await Bun.sleep(250);
  }
}
