import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchWorld, UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { type Fed, samplesAScrape } from "#test/support/frame_feeder.ts";
import {
  LapwingProcess,
  processCpuSeconds,
  processPeakBytes,
  processResidentBytes,
} from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { MetricPeer, type PeerName, hasPeer } from "#test/support/metric_peers.ts";
import type { Paced } from "#test/support/remote_write_pacer.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";

/** Longer than a flush takes, and than peers take to come to rest. */
const restMs = 30_000;
const storedMaxMs = 300_000;
const samplesAHost = 507;

type Measured = {
  readonly meter: UsageMeter;
  readonly process: { peakBytes(): number; residentBytes(): number };
};

/**
 * What does a sample cost at the pace of scrapes? Virtual hosts send 507 series each by remote write every 15 s, in real time, to an
 * `up` with its defaults (compaction and tiers on) and, with `--peers prometheus,victoriametrics`, to those beside it: the same bodies at the
 * same moments. CPU counts from the first request until every sample is in a committed block, `--rest` seconds of idleness included.
 * `--hosts`, `--minutes`, `--interval` (seconds between scrapes), `--flush_interval` (default: the product's). With `--frames` an agent sends
 * frames over NATS to an aggregator instead: hosts are scraped at that pace by one process with the agent's own code.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "200" },
      minutes: { type: "string", default: "12" },
      interval: { type: "string", default: "15" },
      rest: { type: "string", default: String(restMs / 1_000) },
      flush_interval: { type: "string" },
      peers: { type: "string", default: "prometheus,victoriametrics" },
      frames: { type: "boolean", default: false },
    },
  });
  const scrapes = Math.max(1, Math.round((60 * Number(values.minutes)) / Number(values.interval)));
  if (values.frames) {
    const flush =
      values.flush_interval === undefined ? {} : { flushInterval: values.flush_interval };
    const seconds = { interval: Number(values.interval), rest: Number(values.rest) };
    return paceFrames({ hosts: Number(values.hosts), scrapes, seconds, flush });
  }
  const names = (["prometheus", "victoriametrics"] as const).filter(
    (name) => values.peers.split(",").includes(name) && hasPeer(name),
  );
  const folder = await mkdtemp(join(tmpdir(), "lapwing-bench-"));
  const lapwing = await startUp(folder, values.flush_interval);
  const peers: { name: PeerName; peer: MetricPeer }[] = [];
  try {
    for (const name of names) peers.push({ name, peer: await MetricPeer.start(name) });
    const all = [lapwing, ...peers.map(({ peer }) => peer)].map((process): Measured => ({
      process,
      meter: new UsageMeter(process),
    }));
    const urls = [lapwing.url.replace(/\/$/, ""), ...peers.map(({ peer }) => peer.url)];
    const pacer = [values.hosts, String(scrapes), values.interval];
    const paced = await runPacer([...pacer, ...urls.map((url) => `${url}/api/v1/write`)]);
    console.error(`${paced.samples} samples taken, the latest ${paced.latest_ms} ms late`);
    await waitForStored(lapwing.url, paced.samples);
    await Bun.sleep(1_000 * Number(values.rest));
    const [own, ...others] = all.map((each) => figures(each, paced.samples));
    return {
      hosts: Number(values.hosts),
      series: Number(values.hosts) * samplesAHost,
      samples: paced.samples,
      latest_ms: paced.latest_ms,
      compaction: "on",
      ...own,
      blocks: await readOwnMetric(lapwing.url, "lapwing_store_blocks", { signal: "metrics" }),
      ...Object.fromEntries(names.map((name, i) => [name, others[i]])),
      machine_load: machineLoad(),
    };
  } finally {
    await lapwing.end("SIGKILL");
    for (const { peer } of peers) await peer.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type FramesPlan = {
  readonly hosts: number;
  readonly scrapes: number;
  readonly seconds: { readonly interval: number; readonly rest: number };
  readonly flush: { readonly flushInterval?: string };
};

/** The head is flushed when all is sent, as `lapwing storage flush` does: a run need not end with an interval. */
async function paceFrames({ hosts, scrapes, seconds, flush }: FramesPlan) {
  const world = await BenchWorld.start({ flushInterval: "15m", ...flush });
  try {
    const feeder = world.spawn([
      join(import.meta.dir, "../support/frame_feeder.ts"),
      join(world.folder, "spool"),
      world.nats.url,
      String(hosts),
      String(hosts * scrapes * samplesAScrape),
      String(1_000 * seconds.interval),
    ]);
    const said = new LineReader(feeder.stdout);
    await said.next();
    const sender = {
      cpuSeconds: () => processCpuSeconds(feeder.pid),
      residentBytes: () => processResidentBytes(feeder.pid),
      peakBytes: () => processPeakBytes(feeder.pid),
    };
    const [agent, aggregator] = [sender, world.aggregator].map((process): Measured => ({
      process,
      meter: new UsageMeter(process),
    }));
    const startedMs = performance.now();
    await feeder.stdin.write("go\n");
    await feeder.stdin.flush();
    const fed: Fed = JSON.parse(await said.next());
    const tookMs = performance.now() - startedMs;
    await flushAll(world.aggregator.url, fed.samples);
    await Bun.sleep(1_000 * seconds.rest);
    return {
      hosts,
      series: hosts * samplesAHost,
      samples: fed.samples,
      /** Beyond the time that the scrapes take. */
      latest_ms: Math.round(tookMs - 1_000 * seconds.interval * scrapes),
      compaction: "on",
      ...(aggregator && figures(aggregator, fed.samples)),
      blocks: await readOwnMetric(world.aggregator.url, "lapwing_store_blocks", {
        signal: "metrics",
      }),
      agent: agent && figures(agent, fed.samples),
      machine_load: machineLoad(),
    };
  } finally {
    await world.stop();
  }
}

function startUp(folder: string, flushInterval: string | undefined): Promise<LapwingProcess> {
  const ingest = flushInterval === undefined ? {} : { ingest: { flush_interval: flushInterval } };
  const config = { data_dir: join(folder, "data"), sources: [], ...ingest };
  return LapwingProcess.start({ role: "up", name: "up", folder, config });
}

async function runPacer(args: readonly string[]): Promise<Paced> {
  const file = join(import.meta.dir, "../support/remote_write_pacer.ts");
  const child = Bun.spawn([process.execPath, file, ...args], {
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    return JSON.parse(await new LineReader(child.stdout).next());
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

function figures({ meter, process }: Measured, samples: number) {
  return {
    cpu_s_per_million: rounded((1e6 * meter.usage().cpuSeconds) / samples),
    peak_rss_mb: rounded(process.peakBytes() / 1e6, 1),
    rest_rss_mb: rounded(process.residentBytes() / 1e6, 1),
  };
}

/** The last frames may still be on their way. */
async function flushAll(url: string, items: number): Promise<void> {
  const deadline = performance.now() + storedMaxMs;
  for (let stored = -1; stored < items;) {
    await fetch(new URL("/-/flush", url), { method: "POST" });
    stored = await readOwnMetric(url, "lapwing_account_stored_items", { signal: "metrics" });
    if (performance.now() > deadline) throw new Error(`${stored} of ${items} items are stored`);
    await Bun.sleep(1_000);
  }
}

async function waitForStored(url: string, items: number): Promise<void> {
  const deadline = performance.now() + storedMaxMs;
  for (;;) {
    const stored = await readOwnMetric(url, "lapwing_account_stored_items", { signal: "metrics" });
    if (stored >= items) return;
    if (performance.now() > deadline) throw new Error(`${stored} of ${items} items are stored`);
    await Bun.sleep(1_000);
  }
}
