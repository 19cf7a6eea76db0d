import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { type Question, askDay, dayPanels, dayQuestions } from "#test/support/day_questions.ts";
import { LapwingProcess, processPeakBytes } from "#test/support/lapwing_process.ts";
import { liveDay } from "#test/support/live_day.ts";
import { MetricPeer, type PeerName, hasPeer } from "#test/support/metric_peers.ts";
import { NodeHosts, intervalMs } from "#test/support/node_hosts.ts";
import { recordedScrapes } from "#test/support/recorded_scrapes.ts";
import { remoteWriteBody } from "#test/support/remote_write_body.ts";
import { timesOf } from "./query.ts";

const minuteMs = 60_000;
/** Scrapes of one write to a peer. */
const scrapesAWrite = 60;

type Server = {
  readonly url: string;
  peakBytes(): number;
  restart(): Promise<void>;
};
type Day = {
  readonly nodes: NodeHosts;
  readonly hosts: number;
  readonly startMs: number;
  /** Scrapes that lie in blocks, and those after them that the head has. */
  readonly count: number;
  readonly recent: number;
  readonly rounds: number;
  readonly firstRounds: number;
};

/**
 * What does a day cost that comes a sample each 15 s, how many blocks does it leave, and how long do its questions take? Recorded scrapes of `--hosts`
 * hosts come as frames of their agents through ingest and head, are flushed every `--flush` minutes of `--hours`, compressed in time, and after each flush
 * the background work of that time is done. `cpu_s_per_million` is of ingest, flushes and background work. Then an `up` with its defaults gets
 * the last minutes (`--recent` scrapes) by remote write and is asked, each question first after a start (`first_...`) and again (`--rounds`), then 20 panels at once; and so are
 * `--peers prometheus,victoriametrics` with the same samples. `--compaction off` and `--tiers off` leave those out.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "10" },
      hours: { type: "string", default: "24" },
      flush: { type: "string", default: "15" },
      recent: { type: "string", default: "20" },
      rounds: { type: "string", default: "10" },
      first_rounds: { type: "string", default: "1" },
      compaction: { type: "string", default: "on" },
      tiers: { type: "string", default: "on" },
      peers: { type: "string", default: "prometheus,victoriametrics" },
    },
  });
  const recorded = await recordedScrapes();
  if (recorded.length === 0) return { skipped: "the recorded scrapes are absent" };
  const [hosts, flushMs] = [Number(values.hosts), Number(values.flush) * minuteMs];
  const nodes = new NodeHosts(recorded, hosts);
  const scrapes = Math.round(flushMs / intervalMs);
  const flushes = Math.round((Number(values.hours) * 60 * minuteMs) / flushMs);
  const recent = Number(values.recent);
  const endMs = Math.floor(Date.now() / intervalMs - recent - 1) * intervalMs;
  const startMs = endMs - flushes * flushMs;
  const rounds = { rounds: Number(values.rounds), firstRounds: Number(values.first_rounds) };
  const day: Day = { nodes, hosts, startMs, count: flushes * scrapes, recent, ...rounds };
  const folder = await mkdtemp(join(tmpdir(), "lapwing-day-"));
  const switches = {
    isCompacted: values.compaction !== "off",
    hasTiers: values.tiers !== "off",
  };
  try {
    const plan = { hosts, startMs, scrapes, flushes, ...switches };
    const cost = await liveDay(join(folder, "data"), nodes, plan);
    const perMillion = (seconds: number) => rounded((seconds * 1e6) / cost.samples);
    const { ingestSeconds, flushSeconds, backgroundSeconds } = cost;
    const livedMb = rounded(processPeakBytes(process.pid) / 1e6, 1);
    const own = await measureLapwing(folder, day, switches);
    const peers: Record<string, unknown> = {};
    for (const name of ["prometheus", "victoriametrics"] as const)
      if (values.peers.split(",").includes(name))
        peers[name] = hasPeer(name) ? await measurePeer(name, day) : "not installed";
    return {
      series: nodes.series,
      samples: cost.samples,
      compaction: switches.isCompacted ? "on" : "off",
      cpu_s_per_million: perMillion(ingestSeconds + flushSeconds + backgroundSeconds),
      ingest_cpu_s_per_million: perMillion(ingestSeconds),
      flush_cpu_s_per_million: perMillion(flushSeconds),
      background_cpu_s_per_million: perMillion(backgroundSeconds),
      blocks: cost.blocks,
      tier_blocks: cost.tierBlocks,
      stored_bytes_per_sample: rounded(cost.bytes / cost.samples),
      max_stall_ms: rounded(cost.maxStallMs, 0),
      written_rss_mb: livedMb,
      ...own,
      peers,
      machine_load: machineLoad(),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureLapwing(
  folder: string,
  day: Day,
  { isCompacted, hasTiers }: { readonly isCompacted: boolean; readonly hasTiers: boolean },
) {
  const storage = { compaction: { enabled: isCompacted }, tiers: { enabled: hasTiers } };
  const start = () =>
    LapwingProcess.start({
      role: "up",
      name: "lapwing",
      folder,
      config: { data_dir: join(folder, "data"), sources: [], scrape_configs: [], storage },
    });
  let lapwing = await start();
  const server: Server = {
    get url() {
      return lapwing.url.replace(/\/$/, "");
    },
    peakBytes: () => lapwing.peakBytes(),
    restart: async () => {
      await lapwing.end("SIGTERM");
      lapwing = await start();
    },
  };
  try {
    return await measure(server, day, (from, count) => writeAll(server.url, day, from, count));
  } finally {
    await lapwing.end("SIGTERM");
  }
}

async function measurePeer(name: PeerName, day: Day) {
  console.error(`${name}: writing ...`);
  const peer = await MetricPeer.start(name);
  try {
    await writeAll(peer.url, day, 0, day.count);
    await peer.restart();
    return await measure(peer, day, (from, count) => writeAll(peer.url, day, from, count));
  } finally {
    await peer.stop();
  }
}

async function writeAll(url: string, day: Day, first: number, all: number): Promise<void> {
  const { nodes, hosts, startMs } = day;
  for (let from = first; from < first + all; from += scrapesAWrite)
    for (let host = 0; host < hosts; host++) {
      const count = Math.min(scrapesAWrite, first + all - from);
      const answer = await fetch(`${url}/api/v1/write`, {
        method: "POST",
        headers: {
          "content-type": "application/x-protobuf",
          "content-encoding": "snappy",
          "x-prometheus-remote-write-version": "0.1.0",
        },
        body: remoteWriteBody(nodes.window(host, startMs, from, count)),
      });
      if (!answer.ok) throw new Error(`remote write: ${answer.status} ${await answer.text()}`);
    }
}

/** First after starts, with the day in blocks alone; then again and again, the last minutes in the head. */
async function measure(
  server: Server,
  day: Day,
  write: (from: number, count: number) => Promise<void>,
) {
  const { startMs, count, recent, rounds } = day;
  const stored = dayQuestions(startMs, startMs + count * intervalMs);
  const first: Record<string, number[]> = {};
  for (const [name, question] of Object.entries(stored))
    for (let round = 0; round < day.firstRounds; round++) {
      await server.restart();
      (first[name] ??= []).push(await askDay(server.url, question));
    }
  await write(count, recent);
  const endMs = startMs + (count + recent) * intervalMs;
  const warm: Record<string, number[]> = {};
  const questions = dayQuestions(startMs, endMs);
  for (const [name, question] of Object.entries(questions)) {
    for (let round = 0; round < 3; round++) await askDay(server.url, question);
    for (let round = 0; round < rounds; round++)
      (warm[name] ??= []).push(await askDay(server.url, question));
    console.error(`${name}: first ${first[name]?.map(Math.round).join(" ")} ms, warm`, warm[name]);
  }
  const panels = dayPanels(startMs, endMs);
  const firstPanelsMs = await askTogether(server.url, panels);
  const panelsMs: number[] = [];
  for (let round = 0; round < 5; round++) panelsMs.push(await askTogether(server.url, panels));
  const of = (times: Record<string, number[]>, isWanted: (kind: Question["kind"]) => boolean) =>
    timesOf(
      Object.entries(times).flatMap(([name, some]) =>
        isWanted(questions[name]?.kind ?? "range") ? some : [],
      ),
    );
  return {
    // Without rounds after a start there are no first times.
    first_p99_ms: day.firstRounds === 0 ? null : of(first, () => true).p99_ms,
    p99_ms: of(warm, (kind) => kind !== "labels").p99_ms,
    instant_p99_ms: of(warm, (kind) => kind === "instant").p99_ms,
    labels_p99_ms: of(warm, (kind) => kind === "labels").p99_ms,
    first_panels_ms: rounded(firstPanelsMs, 1),
    panels_ms: timesOf(panelsMs).p50_ms,
    rss_mb: rounded(server.peakBytes() / 1e6, 1),
    queries: Object.fromEntries(
      Object.entries(warm).map(([name, times]) => [
        name,
        {
          first_ms: day.firstRounds === 0 ? null : timesOf(first[name] ?? []).p50_ms,
          ...timesOf(times),
        },
      ]),
    ),
  };
}

/** Milliseconds until all are answered. */
async function askTogether(url: string, questions: readonly Question[]): Promise<number> {
  const began = performance.now();
  await Promise.all(questions.map((question) => askDay(url, question)));
  return performance.now() - began;
}
