import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UsageMeter, machineLoad, rounded } from "#test/support/bench_world.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { MetricPeer, type PeerName, hasPeer } from "#test/support/metric_peers.ts";
import type { Sent } from "#test/support/remote_write_sender.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";

const samplesAScrape = 507;
/** How long no sample may be committed before that counts as a failure. */
const stallMs = 60_000;

/**
 * What does a sample cost that is pushed by remote write 1.0, down to a committed Parquet block? Recorded scrapes of virtual hosts, one
 * host's scrape a request, are sent by a process of its own to an `up`: agent and aggregator in one process, whose CPU is measured.
 * `--hosts`, `--samples` (about), `--concurrency`, `--flush_interval`, `--peers prometheus,victoriametrics` for the same bodies there.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "20" },
      samples: { type: "string", default: "6000000" },
      concurrency: { type: "string", default: "4" },
      flush_interval: { type: "string", default: "10s" },
      peers: { type: "string", default: "" },
    },
  });
  const scrapes = Math.ceil(Number(values.samples) / Number(values.hosts) / samplesAScrape);
  const sender = new Sender(values.hosts, scrapes, values.concurrency);
  try {
    await sender.ready();
    const lapwing = await measureUp(sender, values.flush_interval);
    const peers: Record<string, unknown> = {};
    for (const name of ["prometheus", "victoriametrics"] as const)
      if (values.peers.split(",").includes(name) && hasPeer(name))
        peers[name] = await measurePeer(sender, name, lapwing.cpu_s_per_million);
    return { ...lapwing, ...peers, compaction: "on", machine_load: machineLoad() };
  } finally {
    await sender.stop();
  }
}

class Sender {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #said: LineReader;

  constructor(hosts: string, scrapes: number, concurrency: string) {
    const file = join(import.meta.dir, "../support/remote_write_sender.ts");
    this.#child = Bun.spawn([process.execPath, file, hosts, String(scrapes), concurrency], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#said = new LineReader(this.#child.stdout);
  }

  async ready(): Promise<void> {
    await this.#said.next();
  }

  /** Resolves when everything was answered. */
  async send(url: string): Promise<Sent> {
    await this.#child.stdin.write(`${url}/api/v1/write\n`);
    await this.#child.stdin.flush();
    return JSON.parse(await this.#said.next());
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

async function measureUp(sender: Sender, flushInterval: string) {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-bench-"));
  const lapwing = await LapwingProcess.start({
    role: "up",
    name: "up",
    folder,
    config: {
      data_dir: join(folder, "data"),
      sources: [],
      ingest: { flush_interval: flushInterval },
    },
  });
  try {
    const visible = await visibleAfter(lapwing.url);
    const meter = new UsageMeter(lapwing);
    const startedMs = performance.now();
    const looking = setInterval(() => meter.look(), 250);
    const sent = await sender.send(lapwing.url.replace(/\/$/, ""));
    const answeredMs = performance.now() - startedMs;
    console.error(`${sent.samples} samples taken after ${Math.round(answeredMs)} ms`);
    await waitForStored(lapwing.url, sent.samples + visible.pushes);
    const tookMs = performance.now() - startedMs;
    clearInterval(looking);
    const { cpuSeconds, residentMb } = meter.usage();
    return {
      samples: sent.samples,
      samples_per_s: Math.round((1_000 * sent.samples) / tookMs),
      answered_samples_per_s: Math.round((1_000 * sent.samples) / answeredMs),
      cpu_s_per_million: rounded((1e6 * cpuSeconds) / sent.samples),
      rss_mb: residentMb,
      visible_p50_ms: rounded(visible.p50Ms, 1),
      visible_max_ms: rounded(visible.maxMs, 1),
      sent_bytes_per_sample: rounded(sent.bytes / sent.samples),
      spool_bytes_per_sample: rounded(
        (await readOwnMetric(lapwing.url, "lapwing_spool_written_bytes_total", {
          signal: "metrics",
        })) / sent.samples,
      ),
    };
  } finally {
    await lapwing.end("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}

const visiblePushes = 30;

/** How long after its answer a push is in the answer to a query, with the time of that query. */
async function visibleAfter(url: string) {
  const ages: number[] = [];
  for (let i = 0; i < visiblePushes; i++) {
    await fetch(`${url}write`, { method: "POST", body: `pushed value=${i}\n` });
    const answeredMs = performance.now();
    const expected = `"${i}"`;
    for (;;) {
      const answer = await fetch(`${url}api/v1/query?query=pushed_value`);
      if ((await answer.text()).includes(expected)) break;
      if (performance.now() - answeredMs > stallMs) throw new Error("a push does not get visible");
    }
    ages.push(performance.now() - answeredMs);
    await Bun.sleep(Math.random() * 40);
  }
  const sorted = ages.toSorted((a, b) => a - b);
  const p50Ms = sorted[visiblePushes / 2] ?? Number.NaN;
  return { pushes: visiblePushes, p50Ms, maxMs: sorted.at(-1) ?? Number.NaN };
}

async function waitForStored(url: string, items: number): Promise<void> {
  let [before, movedMs] = [-1, performance.now()];
  for (;;) {
    const stored = await readOwnMetric(url, "lapwing_account_stored_items", { signal: "metrics" });
    if (stored >= items) return;
    if (stored > before) [before, movedMs] = [stored, performance.now()];
    if (performance.now() - movedMs > stallMs)
      throw new Error(`${stored} of ${items} items stored, and no more for ${stallMs} ms`);
    await Bun.sleep(250);
  }
}

/** The same bodies to a peer, and how our CPU seconds compare; what it writes to disk later than its answers is not in its figures. */
async function measurePeer(sender: Sender, name: PeerName, ownCpuSeconds: number) {
  const peer = await MetricPeer.start(name);
  try {
    const meter = new UsageMeter(peer);
    const startedMs = performance.now();
    const looking = setInterval(() => meter.look(), 250);
    const { samples } = await sender.send(peer.url);
    const tookMs = performance.now() - startedMs;
    clearInterval(looking);
    const { cpuSeconds, residentMb } = meter.usage();
    const cpuSecondsPerMillion = (1e6 * cpuSeconds) / samples;
    return {
      samples_per_s: Math.round((1_000 * samples) / tookMs),
      cpu_s_per_million: rounded(cpuSecondsPerMillion),
      lapwing_cpu_ratio: rounded(ownCpuSeconds / cpuSecondsPerMillion, 2),
      rss_mb: residentMb,
    };
  } finally {
    await peer.stop();
  }
}
