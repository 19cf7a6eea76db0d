import { join } from "node:path";
import { parseArgs } from "node:util";
import { compressSync } from "lz4-napi";
import { ByteWriter } from "#proto/codec/byte_writer.ts";
import { ColumnState } from "#proto/codec/column_state.ts";
import { decodeFrame, encodeFrame, type Frame, newHeader } from "#proto/codec/envelope.ts";
import { createMetricsDecoder } from "#proto/codec/metrics.ts";
import { type EncodedBody } from "#proto/codec/metrics_body.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { decodeLogs, encodeLogs } from "#proto/codec/logs.ts";
import { unpack } from "#proto/codec/packing.ts";
import { FrameKind, Signal } from "#proto/gen/v1/frame_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch, MetricsRow, SeriesSchema } from "#shared/model/metrics.ts";
import { setAbsent, wordsOf } from "#shared/model/special_values.ts";
import { recordedScrapesAt15s, sharedFolder } from "#test/support/recorded_scrapes.ts";

const linesPerFrame = 1_000;

/**
 * Bytes and nanoseconds a sample of metric frames on recorded node_exporter scrapes, one scrape a frame, beside the
 * alternatives. `--scrapes N` (default 60, a quarter of an hour), `--rounds N` (default 5) for the timings.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const options = { scrapes: { type: "string" }, rounds: { type: "string" } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const bodies = (await recordedScrapesAt15s()).slice(0, Number(values.scrapes ?? 60));
  if (bodies.length === 0) return { bench: "codec", skipped: "no recorded scrapes" };
  const batches = toBatches(bodies);
  const frames = batches.flatMap((batch, i) => framesOf(batch.encoder.encode(batch.batch), i));
  const steady = frames.slice(1);
  const samples = sum(steady.map(({ header }) => header.items));
  const perSample = (bytes: readonly number[]) => round(sum(bytes) / samples);
  const raws = steady.map((frame) => unpack(frame));
  const rows = batches.slice(1).map(({ batch }) => batch.rows[0]?.values ?? new Float64Array(0));
  const alone = rows.map(selfContained);
  const plain = rows.map((row) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
  const rounds = Number(values.rounds ?? 5);
  return {
    bench: "codec",
    scrapes: bodies.length,
    series: batches.at(-1)?.batch.schema.series.length,
    samples,
    first_frame_bytes: frames[0]?.bytes.length,
    wire_bytes_per_sample: perSample(steady.map(({ bytes }) => bytes.length)),
    header_bytes_per_frame: round(
      sum(steady.map(({ bytes, body }) => bytes.length - body.length)) / steady.length,
    ),
    delta_uncompressed: perSample(raws.map((raw) => raw.length)),
    delta_lz4: perSample(raws.map(lz4Bytes)),
    delta_zstd: perSample(raws.map(zstdBytes)),
    self_contained_lz4: perSample(alone.map(lz4Bytes)),
    self_contained_zstd: perSample(alone.map(zstdBytes)),
    plain_doubles_lz4: perSample(plain.map(lz4Bytes)),
    plain_doubles_zstd: perSample(plain.map(zstdBytes)),
    lz4_ns_per_sample: timed(rounds, samples, () => raws.forEach(lz4Bytes)),
    zstd_ns_per_sample: timed(rounds, samples, () => raws.forEach(zstdBytes)),
    ...codecTimes(
      rounds,
      batches.map(({ batch }) => batch),
      "scrapes",
    ),
    ...codecTimes(rounds, mostlyUnchanged(1_000, 200), "mostly_unchanged"),
    ...(await logSizes(sharedFolder, rounds)),
  };
}

/** Lines of the LogHub samples in frames of `linesPerFrame`: bytes and time a line, stored with zstd or with LZ4. */
async function logSizes(shared: string, rounds: number) {
  const lines: Buffer[] = [];
  for (const file of new Bun.Glob("data/loghub/**/*.log").scanSync(shared)) {
    const text = await Bun.file(join(shared, file)).text();
    for (const line of text.split("\n")) lines.push(Buffer.from(line));
  }
  if (lines.length === 0) return { logs_skipped: "data/loghub is absent" };
  const batches: LogsBatch[] = [];
  for (let i = 0; i < lines.length; i += linesPerFrame)
    batches.push(logsOf(lines.slice(i, i + linesPerFrame)));
  const frames = batches.flatMap((batch) => framesOf(encodeLogs(batch), 0));
  const encoded = batches.flatMap((batch) => encodeLogs(batch));
  const raws = frames.map((frame) => unpack(frame));
  const perLine = (bytes: readonly number[]) => round(sum(bytes) / lines.length);
  return {
    log_lines: lines.length,
    log_uncompressed_bytes_per_line: perLine(raws.map((raw) => raw.length)),
    log_zstd_bytes_per_line: perLine(encoded.map(({ body }) => body.length)),
    log_lz4_bytes_per_line: perLine(raws.map(lz4Bytes)),
    log_encode_ns_per_line: timed(rounds, lines.length, () => batches.forEach(encodeLogs)),
    log_decode_ns_per_line: timed(rounds, lines.length, () => frames.forEach(decodeLogs)),
    log_lz4_alone_ns_per_line: timed(rounds, lines.length, () => raws.forEach(lz4Bytes)),
    log_zstd_alone_ns_per_line: timed(rounds, lines.length, () => raws.forEach(zstdBytes)),
  };
}

function logsOf(bodies: readonly Buffer[]): LogsBatch {
  let end = 0;
  return {
    streams: [{ host: "node-1", filename: "/var/log/app.log" }],
    streamOf: new Uint32Array(bodies.length),
    timestampsMs: Float64Array.from(bodies, (_, i) => 1_795_230_838_530 + 7 * i),
    nanos: new Uint32Array(bodies.length),
    severities: new Uint8Array(bodies.length).fill(9),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
  };
}

type Step = {
  readonly batch: MetricsBatch;
  readonly encoder: ReturnType<typeof createMetricsEncoder>;
};

/** Encode and decode, whole frames, the envelope included. */
function codecTimes(rounds: number, batches: readonly MetricsBatch[], name: string) {
  const encode = () => {
    const encoder = createMetricsEncoder();
    return batches.flatMap((batch, i) => framesOf(encoder.encode(batch), i));
  };
  const frames = encode();
  const samples = sum(frames.map(({ header }) => header.items));
  const decode = () => {
    const decoder = createMetricsDecoder();
    for (const frame of frames) decoder.decode(decodeFrame(frame.bytes));
  };
  return {
    [`${name}_encode_ns_per_sample`]: timed(rounds, samples, encode),
    [`${name}_decode_ns_per_sample`]: timed(rounds, samples, decode),
  };
}

/** The best of some rounds: what the code takes when the machine lets it. */
function timed(rounds: number, samples: number, work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) {
    const startedNs = Bun.nanoseconds();
    work();
    best = Math.min(best, Bun.nanoseconds() - startedNs);
  }
  return round(best / samples);
}

function framesOf(bodies: readonly EncodedBody[], index: number): Frame[] {
  return bodies.map(({ body, ...fields }) => {
    const header = newHeader({
      tenant: "default",
      agent: "node-1-4f2a9c",
      signal: Signal.METRICS,
      kind: FrameKind.DATA,
      epoch: 1_795_230_838_530,
      sequence: index + 1,
      itemsTotal: 1_000 * index,
      createdMs: 1_795_230_838_530 + 15_000 * index,
      ...fields,
    });
    const bytes = encodeFrame(header, body);
    return { header, body, bytes };
  });
}

/** A row that needs no row before it. */
function selfContained(row: Float64Array): Uint8Array {
  const state = new ColumnState();
  const writer = new ByteWriter();
  state.grow(row.length);
  state.write(writer, row, 0, row.length);
  return writer.written();
}

/** Rows of counters of which one in ten moves. */
function mostlyUnchanged(columns: number, count: number): MetricsBatch[] {
  const series = Array.from({ length: columns }, (_, i) => ({ __name__: `m${i}`, job: "bench" }));
  const schema = { series, families: [] };
  const values = Float64Array.from(series, (_, i) => i * 1_000);
  return Array.from({ length: count }, (_, n) => {
    for (let i = n % 10; i < columns; i += 10) values[i] = (values[i] ?? 0) + 1 + (i % 50);
    return { schema, rows: [{ timestampMs: 15_000 * n, values: values.slice() }] };
  });
}

function toBatches(bodies: readonly { timestampMs: number; text: string }[]): Step[] {
  const schema: SeriesSchema = { series: [], families: [] };
  const columns = new Map<string, number>();
  const encoder = createMetricsEncoder();
  const rows: MetricsRow[] = bodies.map(({ timestampMs, text }) => {
    const found = new Map<number, number>();
    for (const line of text.split("\n")) {
      if (line === "" || line.startsWith("#")) continue;
      const space = line.lastIndexOf(" ");
      const key = line.slice(0, space);
      let column = columns.get(key);
      if (column === undefined) {
        column = schema.series.push(labelsOf(key)) - 1;
        columns.set(key, column);
      }
      found.set(column, Number(line.slice(space + 1)));
    }
    const values = new Float64Array(schema.series.length);
    const words = wordsOf(values);
    for (let i = 0; i < values.length; i++) {
      const value = found.get(i);
      if (value === undefined) setAbsent(words, i);
      else values[i] = value;
    }
    return { timestampMs, values };
  });
  return rows.map((row) => ({ batch: { schema, rows: [row] }, encoder }));
}

/** Enough for what node_exporter writes. */
function labelsOf(key: string): Labels {
  const brace = key.indexOf("{");
  const labels: Record<string, string> = { __name__: brace < 0 ? key : key.slice(0, brace) };
  for (const [, name = "", value = ""] of key.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
    labels[name] = value;
  return { ...labels, instance: "node-1:9100", job: "node" };
}

function lz4Bytes(raw: Uint8Array): number {
  return compressSync(Buffer.from(raw.buffer, raw.byteOffset, raw.length)).length;
}

function zstdBytes(raw: Uint8Array): number {
  return Bun.zstdCompressSync(new Uint8Array(raw), { level: 3 }).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function round(number: number): number {
  return Math.round(number * 1_000) / 1_000;
}

if (import.meta.main) console.log(JSON.stringify(await run(process.argv.slice(2))));
