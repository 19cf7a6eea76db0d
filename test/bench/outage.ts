import { join } from "node:path";
import { parseArgs } from "node:util";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import type { BlockView } from "#aggregator/read/store.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { processCpuSeconds, processResidentBytes } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";
import type { Left } from "#test/support/outage_feeder.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";

const scrapeMs = 15_000;
const twoHoursMs = 7_200_000;
const waitMaxMs = 20 * 60_000;

/**
 * What does a return after an outage look like? An agent comes back with `--hours` of `--hosts` recorded hosts in its spool, and scrapes on twice a
 * second. How soon can the newest sample be queried, how old is it while the backlog comes in, and do its blocks equal
 * those of an agent with the same input that was never cut off?
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "10" },
      hours: { type: "string", default: "12" },
      rate: { type: "string", default: "1MiB" },
    },
  });
  const scrapes = Math.round((Number(values.hours) * 3_600_000) / scrapeMs);
  // Whole windows that are over, so that compaction makes the same blocks of both.
  const endMs = Math.floor(Date.now() / twoHoursMs) * twoHoursMs - twoHoursMs;
  const startMs = endMs - scrapes * scrapeMs;
  const world = await BenchWorld.start({ flushInterval: "10s", tenant: "cut" });
  const left = async (name: string) => {
    const child = world.spawn([
      join(import.meta.dir, "../support/outage_feeder.ts"),
      join(world.folder, "spools"),
      world.nats.url,
      name,
      values.hosts,
      String(scrapes),
      String(startMs),
      values.rate,
    ]);
    const said: Left = JSON.parse(await new LineReader(child.stdout).next());
    return { child, said };
  };
  let figures: Record<string, unknown>;
  try {
    const steady = await left("steady");
    await world.waitForStored("metrics", steady.said.samples);
    steady.child.kill("SIGKILL");
    const cut = await left("cut");
    console.error(`back with ${cut.said.frames} frames, ${cut.said.bytes} bytes`);
    figures = await comeBack(world, cut.child, cut.said);
    cut.child.kill("SIGKILL");
    await world.aggregator.end("SIGTERM");
    figures = { ...figures, equal: await isEqual(world, startMs, endMs) };
  } finally {
    await world.stop();
  }
  return { hosts: Number(values.hosts), ...figures, machine_load: machineLoad() };
}

async function comeBack(
  world: BenchWorld,
  child: Bun.Subprocess<"pipe", "pipe", "inherit">,
  left: Left,
): Promise<Record<string, unknown>> {
  const meters = [
    new UsageMeter(world.aggregator),
    new UsageMeter({
      cpuSeconds: () => processCpuSeconds(child.pid),
      residentBytes: () => processResidentBytes(child.pid),
    }),
  ];
  const startedMs = Date.now();
  await child.stdin.write("go\n");
  await child.stdin.flush();
  let [firstMs, newest] = [0, 0];
  const ages: number[] = [];
  let askedMs = 0;
  for (;;) {
    const scraped = (await world.valueOf("bench_scraped_ms")) ?? 0;
    const nowMs = Date.now();
    if (scraped > newest) {
      if (firstMs === 0) firstMs = nowMs;
      newest = scraped;
      ages.push(nowMs - scraped);
    }
    if (nowMs - askedMs > 500) {
      askedMs = nowMs;
      for (const meter of meters) meter.look();
      const backlog = await backlogOf(world);
      if (firstMs > 0 && backlog === 0) break;
      if (nowMs - startedMs > waitMaxMs) throw new Error(`${backlog} items of backlog left`);
    }
    await Bun.sleep(10);
  }
  const seconds = (Date.now() - startedMs) / 1_000;
  const [aggregator, agent] = meters.map((meter) => meter.usage());
  const sorted = ages.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    backlog_frames: left.frames,
    backlog_bytes: left.bytes,
    backlog_samples: left.samples,
    newest_queryable_s: rounded((firstMs - startedMs) / 1_000),
    catch_up_s: rounded(seconds, 1),
    backlog_bytes_per_s: Math.round(left.bytes / seconds),
    live_samples: ages.length,
    live_p50_ms: at(0.5),
    live_p99_ms: at(0.99),
    agent_cpu_s: rounded(agent?.cpuSeconds ?? 0),
    aggregator_cpu_s: rounded(aggregator?.cpuSeconds ?? 0),
    agent_rss_mb: agent?.residentMb,
    aggregator_rss_mb: aggregator?.residentMb,
  };
}

function backlogOf(world: BenchWorld): Promise<number> {
  const labels = { agent: "cut", signal: "metrics" };
  return readOwnMetric(world.aggregator.url, "lapwing_account_backlog_items", labels);
}

/** Whether both agents' blocks hold the same samples of the time of the outage, window by window, to the bit. */
async function isEqual(world: BenchWorld, startMs: number, endMs: number): Promise<boolean> {
  const store = await openStore(
    StoreConfig.parse({ compaction: { blocks_max: 1, interval: "1d" }, tiers: { enabled: false } }),
    {
      dataDir: join(world.folder, "aggregator", "aggregator"),
      clock: systemClock,
      log: silentLogger,
      metrics: createSelfMetrics(),
    },
  );
  try {
    for (let round = 0; round < 4; round++) await store.maintain();
    const view = store.view();
    let isSame = true;
    for (let ms = startMs; ms < endMs; ms += 900_000) {
      const [one, other] = await Promise.all(
        ["steady", "cut"].map((tenant) =>
          contentOf(view, tenant, ms, Math.min(endMs, ms + 900_000)),
        ),
      );
      isSame &&= one !== undefined && one.samples > 0 && one.hash === other?.hash;
    }
    return isSame;
  } finally {
    await store.close();
  }
}

async function contentOf(view: BlockView, tenant: string, startMs: number, beforeMs: number) {
  const range = { tenant, startMs, endMs: beforeMs - 1, samplesMax: 100_000_000 };
  const hash = new Bun.CryptoHasher("sha256");
  let samples = 0;
  for (const { key, timestampsMs, values } of await view.metrics.select({
    ...range,
    matchers: [],
  })) {
    hash
      .update(key ?? "")
      .update(timestampsMs.slice())
      .update(values.slice());
    samples += values.length;
  }
  return { samples, hash: hash.digest("hex") };
}
