import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cutMetricsOf } from "#aggregator/store/cut_metrics.ts";
import { cutOf, openTestStore } from "#aggregator/store/store.fixture.ts";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { NodeHosts, intervalMs } from "#test/support/node_hosts.ts";
import { recordedScrapes } from "#test/support/recorded_scrapes.ts";

const [minuteMs, dayMs] = [60_000, 86_400_000];

/**
 * What does a day cost that comes a sample each 15 s, and how many blocks does it leave? Recorded scrapes of `--hosts` hosts are committed in flushes of `--flush`
 * minutes for `--hours`; after each the background work of that time is done, and once more an hour after the day. CPU-seconds a million samples: of
 * flushes, of background work, of both. `--compaction off` and `--tiers off` leave those out. Frames and the head are not in it (`bench ingest`).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "10" },
      hours: { type: "string", default: "24" },
      flush: { type: "string", default: "15" },
      compaction: { type: "string", default: "on" },
      tiers: { type: "string", default: "on" },
    },
  });
  const recorded = await recordedScrapes();
  if (recorded.length === 0) return { skipped: "the recorded scrapes are absent" };
  const [hosts, flushMs] = [Number(values.hosts), Number(values.flush) * minuteMs];
  const nodes = new NodeHosts(recorded, hosts);
  const folder = mkdtempSync(join(tmpdir(), "lapwing-day-"));
  const startMs = Math.floor(Date.now() / dayMs) * dayMs - 3 * dayMs;
  let nowMs = startMs;
  const enabled = values.compaction !== "off";
  const config = {
    compaction: { interval: "1d", enabled },
    tiers: { enabled: values.tiers !== "off" },
    delete_after: "0s",
  };
  const store = await openTestStore(folder, config, { now: () => nowMs });
  const spent = { flush: 0, background: 0 };
  const stalls = new Stalls();
  let samples = 0;
  try {
    const flushes = Math.round((Number(values.hours) * 60 * minuteMs) / flushMs);
    const scrapes = Math.round(flushMs / intervalMs);
    for (let flush = 0; flush < flushes; flush++) {
      const series = Array.from({ length: hosts }, (_, host) =>
        nodes.window(host, startMs, flush * scrapes, scrapes),
      ).flat();
      nowMs = startMs + (flush + 1) * flushMs;
      const metrics = cutMetricsOf(series);
      samples += metrics.items;
      const cut = { ...cutOf({}, flush + 1), metrics: new Map([["t", metrics]]) };
      spent.flush += await cpuSecondsOf(() => store.commit(cut, () => {}));
      stalls.begin();
      spent.background += await cpuSecondsOf(() => store.maintain());
      stalls.end();
    }
    // By then the last windows are closed, and tiers are made of them.
    nowMs = Math.ceil((nowMs + 1) / dayMs) * dayMs + 60 * minuteMs;
    stalls.begin();
    spent.background += await cpuSecondsOf(() => store.maintain());
    stalls.end();
    const { blocks } = store.view();
    const raw = blocks.filter(({ bucketMs }) => bucketMs === undefined);
    const bytes = raw.reduce((sum, block) => sum + block.bytes, 0);
    const perMillion = (seconds: number) => rounded((seconds * 1e6) / samples);
    return {
      series: nodes.series,
      samples,
      compaction: enabled ? "on" : "off",
      cpu_s_per_million: perMillion(spent.flush + spent.background),
      flush_cpu_s_per_million: perMillion(spent.flush),
      background_cpu_s_per_million: perMillion(spent.background),
      blocks: raw.length,
      tier_blocks: blocks.length - raw.length,
      stored_bytes_per_sample: rounded(bytes / samples),
      max_stall_ms: rounded(stalls.maxMs, 0),
      rss_mb: rounded(peakBytes() / 1e6, 1),
      machine_load: machineLoad(),
    };
  } finally {
    stalls.end();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The longest that a timer waited for its turn. */
class Stalls {
  maxMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  begin(): void {
    let before = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.maxMs = Math.max(this.maxMs, now - before - 5);
      before = now;
    }, 5);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

async function cpuSecondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function peakBytes(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1] ?? 0) * 1_024;
}
