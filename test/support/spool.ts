import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SpoolConfig } from "#agent/spool/config.ts";
import { Spool } from "#agent/spool/spool.ts";
import type { Frame } from "#proto/codec/envelope.ts";
import { decodeFrame } from "#proto/codec/envelope.ts";
import type { EncodedBody } from "#proto/codec/metrics_body.ts";
import { Compression } from "#proto/gen/v1/frame_pb.js";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Position } from "#shared/model/position.ts";
import type { Signal } from "#shared/signals.ts";
import { origin } from "#shared/model/position.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";

export type TestSpool = {
  readonly spool: Spool;
  readonly folder: string;
  readonly metrics: SelfMetrics;
};

/** Options as they stand in a file. */
export type SpoolText = Partial<Record<keyof SpoolConfig, string | number>>;

/** A spool in `folder`, with bodies that are the batch's own text: the spool does not look into them. */
export async function openTestSpool(
  folder: string,
  options: SpoolText = {},
  clock: Clock = systemClock,
  owner: { readonly tenant: string; readonly agent: string } = { tenant: "main", agent: "web-1" },
): Promise<TestSpool> {
  const metrics = createSelfMetrics();
  const config = SpoolConfig.parse({ path: folder, sync_interval: "5ms", ...options });
  const spool = await Spool.open(config, {
    clock,
    log: silentLogger,
    metrics,
    ...owner,
    encoders: {
      metrics: () => ({ encode: encodeRows }),
      logs: () => ({ encode: (batch) => [bodyOf(batch.bodies, batch.bodyEnds.length)] }),
    },
  });
  return { spool, folder, metrics };
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "lapwing-spool-"));
}

/** The folder as a process that was killed now would leave it. */
export async function copyAsCrashed(folder: string): Promise<string> {
  const copy = await temporaryFolder();
  await cp(folder, copy, { recursive: true });
  return copy;
}

export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

/** Records with these bodies. */
export function logsOf(...lines: string[]): LogsBatch {
  const bodies = lines.map((line) => new TextEncoder().encode(line));
  let end = 0;
  return {
    streams: [{ job: "test" }],
    streamOf: new Uint32Array(lines.length),
    timestampsMs: new Float64Array(lines.length),
    nanos: new Uint32Array(lines.length),
    severities: new Uint8Array(lines.length),
    bodies: Buffer.concat(bodies),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
  };
}

/** One row of as many samples. */
export function rowOf(samples: number): MetricsBatch {
  const series = Array.from({ length: samples }, (_, i) => ({ __name__: "m", i: String(i) }));
  const rows = [{ timestampMs: 0, values: new Float64Array(samples) }];
  return { schema: { series, families: [] }, rows };
}

/** All synced frames after a position, in reads of at most `bytesMax`. */
export async function readAll(
  spool: Spool,
  signal: Signal,
  after: Position = origin,
  bytesMax = 64 * 1024,
): Promise<Frame[]> {
  const all: Frame[] = [];
  let at = after;
  for (;;) {
    const frames = (await spool.lane(signal).read(at, bytesMax)).map((one) => decodeFrame(one));
    const last = frames.at(-1);
    if (last === undefined) return all;
    all.push(...frames);
    at = { epoch: last.header.epoch, sequence: last.header.sequence };
  }
}

export function textOf(frame: Frame): string {
  return new TextDecoder().decode(frame.body);
}

export async function syncAll(spool: Spool): Promise<void> {
  for (const lane of spool.lanes) await lane.sync();
}

function encodeRows(batch: MetricsBatch): EncodedBody[] {
  return batch.rows.map(({ values }) => bodyOf(new Uint8Array(values.length), values.length));
}

function bodyOf(body: Uint8Array, items: number): EncodedBody {
  return { body, items, compression: Compression.NONE, bodySize: body.length, bodyVersion: 1 };
}
