import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { GlobalConfig, ScrapeConfigs } from "#agent/collect/scrape/config.ts";
import { resolveJob } from "#agent/collect/scrape/job.ts";
import { TargetSeries } from "#agent/collect/scrape/target_series.ts";
import { createHead } from "#aggregator/head/head.ts";
import type { SeriesSamples } from "#aggregator/read/source.ts";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import type { BlockView, Store } from "#aggregator/read/store.ts";
import { decodeFrame, encodeFrame, newHeader } from "#proto/codec/envelope.ts";
import { createMetricsDecoder } from "#proto/codec/metrics.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { FrameKind, Signal } from "#proto/gen/v1/frame_pb.js";
import { type Clock, systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { rounded } from "#test/support/bench_world.ts";
import { MetricPeer, type PeerName, hasPeer } from "#test/support/metric_peers.ts";
import { type RecordedScrape, recordedScrapes } from "#test/support/recorded_scrapes.ts";

const lane = { tenant: "default", agent: "recorder", signal: "metrics" } as const;
/** As often as an aggregator makes blocks by default. */
const flushMs = 120_000;
const dayMs = 86_400_000;

/**
 * How many bytes does a sample take? The recorded scrapes of one host in order, each once: on the wire as the agent sends
 * them (a frame a scrape, first frame and headers included), at rest after flushes every two minutes and compaction, by column of the
 * Parquet files; and at rest in Debian's Prometheus (a snapshot's block) and VictoriaMetrics. `--scrapes N` for less.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scrapes: { type: "string", default: "100000" },
      peers: { type: "string", default: "prometheus,victoriametrics" },
    },
  });
  const scrapes = (await recordedScrapes()).slice(0, Number(values.scrapes));
  const last = scrapes.at(-1);
  if (last === undefined) return { skipped: "the recorded scrapes are absent" };
  const folder = await mkdtemp(join(tmpdir(), "lapwing-size-"));
  const clock: Clock = { ...systemClock, now: () => last.timestampMs + 2 * dayMs };
  const store = await openStore(StoreConfig.parse({}), {
    dataDir: folder,
    clock,
    log: createLogger("error"),
    metrics: createSelfMetrics(),
  });
  try {
    const wire = await storeAll(store, scrapes);
    const flushed = sizeOf(store.view());
    console.error(`flushed: ${JSON.stringify(flushed)}`);
    await compact(store);
    const view = store.view();
    const { samples, bytes, blocks } = sizeOf(view);
    const peers: Record<string, unknown> = {};
    for (const name of ["victoriametrics", "prometheus"] as const) {
      const wanted = values.peers.split(",").includes(name) && hasPeer(name);
      const size = wanted ? await peerBytes(name, await everything(view)) : undefined;
      peers[`${name}_bytes_per_sample`] = size === undefined ? null : rounded(size / samples);
    }
    return {
      scrapes: scrapes.length,
      samples,
      wire_bytes_per_sample: rounded(wire / samples),
      stored_bytes_per_sample: rounded(bytes / samples),
      ...peers,
      stored_blocks: blocks,
      flushed_bytes_per_sample: rounded(flushed.bytes / samples),
      by_column: await byColumn(view, samples, bytes),
    };
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Scrapes to frames, frames to head, head to blocks; gives the bytes of the frames. */
async function storeAll(store: Store, scrapes: readonly RecordedScrape[]): Promise<number> {
  const [config] = ScrapeConfigs.parse([{ job_name: "node" }]);
  if (config === undefined) throw new Error("no scrape config");
  const series = new TargetSeries(
    { job: "node", instance: "node-0:9100" },
    resolveJob(GlobalConfig.parse({}), config),
  );
  const columns = new SampleColumns();
  const encoder = createMetricsEncoder();
  const decoder = createMetricsDecoder();
  const head = createHead();
  let wireBytes = 0;
  let flushedMs = scrapes[0]?.timestampMs ?? 0;
  const flush = async () => {
    const content = await head.freeze("all");
    await store.commit({ ...content, lanes: [], carrier: {} }, () => head.release());
  };
  for (const [index, { timestampMs, text }] of scrapes.entries()) {
    series.parse(new TextEncoder().encode(text), "prometheus", columns);
    const { kept } = series.append(columns, timestampMs);
    const batch = series.take(timestampMs, [1, 0.01, kept, kept, 0]);
    for (const { body, ...fields } of encoder.encode(batch)) {
      const bytes = encodeFrame(headerOf(index, kept, timestampMs, fields), body);
      wireBytes += bytes.length;
      head.appendMetrics(lane, decoder.decode(decodeFrame(bytes)), timestampMs);
    }
    if (timestampMs - flushedMs < flushMs) continue;
    await flush();
    flushedMs = timestampMs;
  }
  await flush();
  return wireBytes;
}

function headerOf(
  index: number,
  items: number,
  createdMs: number,
  fields: Partial<Parameters<typeof newHeader>[0]>,
) {
  const { tenant, agent } = lane;
  return newHeader({
    tenant,
    agent,
    signal: Signal.METRICS,
    kind: FrameKind.DATA,
    epoch: 1,
    sequence: index + 1,
    itemsTotal: index * items,
    createdMs,
    ...fields,
  });
}

/** Until a round of maintenance changes nothing any more. */
async function compact(store: Store): Promise<void> {
  for (let before = ""; ;) {
    await store.maintain();
    const now = store
      .view()
      .blocks.map(({ id }) => id)
      .join(" ");
    if (now === before) return;
    before = now;
  }
}

function sizeOf({ blocks }: BlockView) {
  const total = { samples: 0, bytes: 0, blocks: blocks.length };
  for (const { items, bytes } of blocks) {
    total.samples += items;
    total.bytes += bytes;
  }
  return total;
}

function everything(view: BlockView): Promise<SeriesSamples[]> {
  return view.metrics.select({
    tenant: lane.tenant,
    matchers: [],
    startMs: 0,
    endMs: Number.MAX_SAFE_INTEGER,
    samplesMax: 1e9,
  });
}

/** Bytes a sample of each column; what is no column is the footer. */
async function byColumn(view: BlockView, samples: number, bytes: number) {
  const files = await view.files(view.blocks);
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    const paths = files.paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(", ");
    const result = await connection.runAndReadAll(`
      SELECT split_part(path_in_schema, ',', 1) AS name, sum(total_compressed_size)::DOUBLE AS size
      FROM parquet_metadata([${paths}]) GROUP BY name ORDER BY size DESC`);
    const columns: Record<string, number> = {};
    let rest = bytes;
    for (const [name, size] of result.getRows()) {
      columns[String(name)] = rounded(Number(size) / samples, 4);
      rest -= Number(size);
    }
    connection.closeSync();
    return { ...columns, footer: rounded(rest / samples, 4) };
  } finally {
    instance.closeSync();
    files.release();
  }
}

/** What a peer has on disk for the samples and their index, once it has written everything out. */
async function peerBytes(name: PeerName, series: readonly SeriesSamples[]): Promise<number> {
  const peer = await MetricPeer.start(name);
  try {
    // A few scrapes a request, in order of time, as Prometheus wants it.
    const most = Math.max(...series.map(({ values }) => values.length));
    for (let from = 0; from < most; from += 40) await peer.write(slice(series, from, from + 40));
    if (name === "prometheus") {
      await fetch(`${peer.url}/api/v1/admin/tsdb/snapshot`, { method: "POST" });
      return await peer.bytes((path) => path.startsWith("snapshots/"));
    }
    await peer.restart();
    return await peer.bytes((path) => /^(data|indexdb)\//.test(path));
  } finally {
    await peer.stop();
  }
}

function slice(series: readonly SeriesSamples[], from: number, to: number): SeriesSamples[] {
  return series
    .map(({ labels, timestampsMs, values }) => ({
      labels,
      timestampsMs: timestampsMs.slice(from, to),
      values: values.slice(from, to),
    }))
    .filter(({ values }) => values.length > 0);
}
