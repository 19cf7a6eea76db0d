import { dlopen } from "bun:ffi";
import { mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { MetricPeer, type PeerName, hasPeer } from "#test/support/metric_peers.ts";
import { NodeHosts, intervalMs } from "#test/support/node_hosts.ts";
import { measureUsers } from "#test/support/query_users.ts";
import { recordedScrapes } from "#test/support/recorded_scrapes.ts";
import { writeStore } from "#test/support/write_store.ts";

/** What dashboards ask, by name: the query, and its step in seconds. */
const queries: Readonly<Record<string, readonly [query: string, stepSeconds: number]>> = {
  one_series_raw: ['node_load1{instance="host-0:9100"}', 60],
  sum_by_rate: ["sum by (instance) (rate(node_network_receive_bytes_total[5m]))", 60],
  one_minus_avg_by_idle: [
    '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
    60,
  ],
  rate_all_cpus: ["rate(node_cpu_seconds_total[5m])", 60],
  topk_sum_by: ["topk(5, sum by (instance) (rate(node_cpu_seconds_total[5m])))", 60],
  count_all: ['count({job="node"})', 900],
};

type Times = { readonly p50_ms: number; readonly p99_ms: number };
type Bounds = { readonly startMs: number; readonly endMs: number };
/** Something that answers query_range and can be started anew. */
type Server = {
  readonly url: string;
  readonly folder: string;
  cpuSeconds(): number;
  restart(): Promise<void>;
};

/**
 * How long does query_range take over a day of ten hosts? Warm (asked `--rounds` times after once) and cold (asked first after a
 * start, the data dropped from the page cache where the kernel lets us; and with cold blocks, the same in a process that has answered queries of other
 * metrics), over HTTP, the body read to its end.
 * With `--users N` instead: how long do dashboards wait that so many users let refresh (`--refresh` seconds), while `--ingest` samples a second
 * of `--feed_hosts` hosts arrive, and how long do samples wait from their scrape to a query that finds them? For `--seconds`.
 * `--hosts`, `--hours`, `--rounds`, `--cold_rounds`, `--queries count_all,...` for some alone, `--peers prometheus,victoriametrics`, `--data DIR` (kept there, and used again).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "10" },
      hours: { type: "string", default: "24" },
      rounds: { type: "string", default: "15" },
      cold_rounds: { type: "string", default: "3" },
      queries: { type: "string" },
      peers: { type: "string", default: "prometheus,victoriametrics" },
      data: { type: "string" },
      users: { type: "string", default: "0" },
      seconds: { type: "string", default: "60" },
      refresh: { type: "string", default: "10" },
      ingest: { type: "string", default: "200000" },
      feed_hosts: { type: "string", default: "40" },
    },
  });
  const scrapes = await recordedScrapes();
  if (scrapes.length === 0) return { skipped: "the recorded scrapes are absent" };
  const hosts = Number(values.hosts);
  if (values.users !== "0")
    return measureUsers({
      users: Number(values.users),
      hosts,
      seconds: Number(values.seconds),
      samplesPerSecond: Number(values.ingest),
      feedHosts: Number(values.feed_hosts),
      refreshMs: Number(values.refresh) * 1_000,
    });
  const nodes = new NodeHosts(scrapes, hosts);
  const count = Math.round((Number(values.hours) * 3_600_000) / intervalMs);
  const folder = values.data ?? (await mkdtemp(join(tmpdir(), "lapwing-query-")));
  const bench: Bench = {
    nodes,
    hosts,
    count,
    folder,
    rounds: Number(values.rounds),
    coldRounds: Number(values.cold_rounds),
    queries: chosenQueries(queries, values.queries),
  };
  try {
    const own = await measureLapwing(bench);
    const peers: Record<string, unknown> = {};
    for (const name of ["prometheus", "victoriametrics"] as const) {
      if (!values.peers.split(",").includes(name)) continue;
      peers[name] = hasPeer(name) ? await measurePeer(bench, name) : "not installed";
    }
    const samples = nodes.series * count;
    return {
      series: nodes.series,
      samples,
      compaction: "off",
      ...own,
      ...peers,
      machine_load: machineLoad(),
    };
  } finally {
    if (values.data === undefined) await rm(folder, { recursive: true, force: true });
  }
}

type Bench = {
  readonly nodes: NodeHosts;
  readonly hosts: number;
  readonly count: number;
  readonly folder: string;
  readonly rounds: number;
  readonly coldRounds: number;
  readonly queries: readonly NamedQuery[];
};

async function measureLapwing(bench: Bench) {
  const startMs = await writeStore(
    join(bench.folder, "data"),
    bench.nodes,
    bench.hosts,
    bench.count,
  );
  const start = () =>
    LapwingProcess.start({
      role: "up",
      name: "lapwing",
      folder: bench.folder,
      config: {
        data_dir: join(bench.folder, "data"),
        sources: [],
        scrape_configs: [],
        // A day of samples as they are: tiers of what is older would be made while we measure.
        storage: { tiers: { enabled: false }, compaction: { enabled: false } },
      },
    });
  let process = await start();
  const server: Server = {
    folder: bench.folder,
    get url() {
      return process.url;
    },
    cpuSeconds: () => process.cpuSeconds(),
    restart: async () => {
      await process.end("SIGTERM");
      process = await start();
    },
  };
  try {
    const bounds = boundsOf(startMs, bench.count);
    const { cold, ...warm } = await measure(bench, server, bounds);
    const residentMb = rounded(process.residentBytes() / 1e6, 1);
    return { ...warm, ...cold, rss_mb: residentMb };
  } finally {
    await process.end("SIGTERM");
  }
}

async function measurePeer(bench: Bench, name: PeerName) {
  console.error(`${name}: writing ...`);
  const peer = await MetricPeer.start(name);
  try {
    const startMs = Math.floor(Date.now() / 7_200_000) * 7_200_000 - bench.count * intervalMs;
    const perWrite = 40;
    for (let from = 0; from < bench.count; from += perWrite)
      for (let host = 0; host < bench.hosts; host++)
        await peer.write(
          bench.nodes.window(host, startMs, from, Math.min(perWrite, bench.count - from)),
        );
    await peer.restart();
    const { cold, ...warm } = await measure(bench, peer, boundsOf(startMs, bench.count));
    return { ...warm, ...cold };
  } finally {
    await peer.stop();
  }
}

function boundsOf(startMs: number, count: number): Bounds {
  return { startMs, endMs: startMs + count * intervalMs };
}

/** Of other metrics: after them the code has run, and what is asked for was not read, but for 4 % of the series that count_all counts. */
const others: readonly (readonly [query: string, stepSeconds: number])[] = [
  ["rate(node_disk_reads_completed_total[5m])", 60],
  ["rate(node_softnet_processed_total[5m])", 60],
  ["topk(5, sum by (instance) (rate(node_disk_io_time_seconds_total[5m])))", 60],
  ["1 - avg by (instance) (rate(node_network_transmit_bytes_total[5m]))", 60],
  ['count({job="node",__name__=~"node_vmstat_.*"})', 900],
  ["node_memory_MemFree_bytes", 60],
];

type Cold = { readonly p99_ms: number | null; readonly queries: Record<string, ColdTimes> };
type ColdTimes = Times & { readonly cpu_ms: number };

/** Each query in processes of their own, which `before` has asked something. */
async function measureCold(
  bench: Bench,
  server: Server,
  bounds: Bounds,
  what: string,
  before: () => Promise<void>,
): Promise<Cold> {
  const all: number[] = [];
  const byQuery: Record<string, ColdTimes> = {};
  for (const [name, [query, step]] of bench.queries) {
    const times: number[] = [];
    const cpuTimes: number[] = [];
    for (let round = 0; round < bench.coldRounds; round++) {
      await server.restart();
      await before();
      await dropPageCache(server.folder);
      const cpuBefore = server.cpuSeconds();
      times.push(await ask(server.url, query, bounds, step));
      cpuTimes.push(1_000 * (server.cpuSeconds() - cpuBefore));
    }
    all.push(...times);
    // Of the server, in ticks of 10 ms: what is left to compare when the machine is busy.
    const cold = { ...timesOf(times), cpu_ms: timesOf(cpuTimes).p50_ms };
    byQuery[name] = cold;
    console.error(
      `${what} ${name}: ${times.map((ms) => rounded(ms, 1)).join(" ")} ms, CPU ${cold.cpu_ms} ms`,
    );
  }
  return { p99_ms: all.length === 0 ? null : timesOf(all).p99_ms, queries: byQuery };
}

async function measure(bench: Bench, server: Server, bounds: Bounds) {
  const cold = await measureCold(bench, server, bounds, "cold", async () => {
    // Code that has never run is not what "cold" asks for.
    await ask(server.url, "vector(1)", bounds, 900);
  });
  const blocks = await measureCold(bench, server, bounds, "cold blocks", async () => {
    for (const [query, step] of others) await ask(server.url, query, bounds, step);
  });
  const all: number[] = [];
  const warm: Record<string, Times> = {};
  for (const [name, [query, step]] of bench.queries) {
    for (let round = 0; round < 3; round++) await ask(server.url, query, bounds, step);
    const times: number[] = [];
    for (let round = 0; round < bench.rounds; round++)
      times.push(await ask(server.url, query, bounds, step));
    all.push(...times);
    warm[name] = timesOf(times);
    console.error(`warm ${name}: ${JSON.stringify(warm[name])}`);
  }
  const coldFigures = {
    cold_p99_ms: cold.p99_ms,
    cold_queries: cold.queries,
    cold_blocks_p99_ms: blocks.p99_ms,
    cold_blocks_queries: blocks.queries,
  };
  return { ...timesOf(all), queries: warm, cold: coldFigures };
}

type NamedQuery = readonly [name: string, query: readonly [query: string, stepSeconds: number]];

/** Those whose names are listed, with commas between; all where nothing is said. */
export function chosenQueries(
  all: Readonly<Record<string, NamedQuery[1]>>,
  names: string | undefined,
): NamedQuery[] {
  const chosen = names?.split(",") ?? Object.keys(all);
  return chosen.map((name) => {
    const query = all[name];
    if (query === undefined)
      throw new Error(`--queries ${name}: expected of ${Object.keys(all).join(", ")}`);
    return [name, query];
  });
}

/** Milliseconds of one query_range, its body read to the end. */
export async function ask(
  url: string,
  query: string,
  bounds: Bounds,
  step: number,
): Promise<number> {
  const parameters = new URLSearchParams({
    query,
    start: String(bounds.startMs / 1_000),
    end: String(bounds.endMs / 1_000),
    step: String(step),
    // VictoriaMetrics keeps results of earlier queries; what is compared is the work.
    nocache: "1",
  });
  const began = performance.now();
  const answer = await fetch(`${url}/api/v1/query_range?${parameters.toString()}`, {
    // On one machine compression only costs.
    headers: { "accept-encoding": "identity" },
  });
  const body = await answer.bytes();
  const took = performance.now() - began;
  if (!answer.ok || body.length < 100)
    throw new Error(
      `${query}: ${answer.status} ${new TextDecoder().decode(body.subarray(0, 500))}`,
    );
  return took;
}

export function timesOf(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (quantile: number) =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? 0, 1);
  return { p50_ms: at(0.5), p99_ms: at(0.99) };
}

/** Only of the files under a folder, so that nobody else on the machine pays for it. */
export async function dropPageCache(folder: string): Promise<void> {
  const libc = dlopen("libc.so.6", {
    posix_fadvise: { args: ["int", "i64", "i64", "int"], returns: "int" },
  });
  try {
    for (const name of await readdir(folder, { recursive: true })) {
      const path = join(folder, name);
      if (!(await stat(path)).isFile()) continue;
      const file = await open(path);
      // The whole file, to its end: "won't be needed" is 4 (fadvise.h of Linux).
      libc.symbols.posix_fadvise(file.fd, 0, 0, 4);
      await file.close();
    }
  } finally {
    libc.close();
  }
}
