import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
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
 * `--hosts`, `--minutes`, `--interval` (seconds between scrapes), `--flush_interval` (default: the product's).
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
    },
  });
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
    const scrapes = Math.max(
      1,
      Math.round((60 * Number(values.minutes)) / Number(values.interval)),
    );
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

async function waitForStored(url: string, items: number): Promise<void> {
  const deadline = performance.now() + storedMaxMs;
  for (;;) {
    const stored = await readOwnMetric(url, "lapwing_account_stored_items", { signal: "metrics" });
    if (stored >= items) return;
    if (performance.now() > deadline) throw new Error(`${stored} of ${items} items are stored`);
    await Bun.sleep(1_000);
  }
}
