import type { Hono } from "hono";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Drops } from "#shared/model/account.ts";
import type { Histogram } from "#shared/model/histogram.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricFamily, MetricsBatch, MetricsPart } from "#shared/model/metrics.ts";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import { type Logger, silentLogger } from "#shared/runtime/log.ts";
import { TextPool } from "#shared/text/text_pool.ts";
import { MemoryBudget } from "./transport/memory_budget.ts";
import { PushedSeries } from "./samples/pushed_series.ts";
import type { OpenedReceiver, ReceiverContext } from "./receiver.ts";

export type HeldSample = { readonly timestampMs: number; readonly value: number | "stale" };

/** What stands in for pipeline and spool behind a receiver under test; batches go through the real encoder. */
export class Held {
  nowMs = 1_760_000_000_000;
  /** The spool refuses everything while set. */
  isBroken = false;
  /** Whether the agent's limit on series takes new ones; those that it did not take. */
  hasRoom = true;
  readonly refused: Labels[] = [];
  outOfOrderMs = 7_200_000;
  readonly samples = new Map<string, HeldSample[]>();
  readonly labels = new Map<string, Labels>();
  readonly histograms: {
    readonly labels: Labels;
    readonly timestampMs: number;
    readonly histogram: Histogram;
  }[] = [];
  readonly families = new Map<string, MetricFamily>();
  readonly logs: {
    stream: Labels;
    timestampMs: number;
    nanos: number;
    severity: number;
    line: string;
    attributes: Labels;
  }[] = [];
  /** "name time=value {labels}", in the order they came. */
  readonly exemplars: string[] = [];
  /** "name time since start". */
  readonly starts: string[] = [];
  readonly drops: Drops = {};
  readonly notStored: Record<string, number> = {};
  readonly refusedConnections: Record<string, number> = {};
  batches = 0;
  readonly #encoder = createMetricsEncoder();

  context(folder = "/nonexistent"): ReceiverContext {
    return {
      clock: {
        now: () => this.nowMs,
        monotonic: () => this.nowMs,
        sleep: (_, signal) =>
          new Promise((resolve) => signal?.addEventListener("abort", () => resolve())),
      },
      log: silentLogger,
      folder,
      memory: new MemoryBudget(256 * 1024 ** 2),
      newSeries: (limits) =>
        new PushedSeries({
          ...limits,
          outOfOrderMs: this.outOfOrderMs,
          texts: new TextPool(),
          agent: {
            hasRoom: () => this.hasRoom,
            refused: (_, labels) => void this.refused.push(labels),
          },
        }),
      emitMetrics: async (batch) => this.#take(batch),
      emitLogs: async (batch) => this.#takeLogs(batch),
      drop: (_, reason, items) => {
        if (items > 0) this.drops[reason] = (this.drops[reason] ?? 0) + items;
      },
      notStored: (kind, count) => {
        this.notStored[kind] = (this.notStored[kind] ?? 0) + count;
      },
      refusedConnection: (reason) => {
        this.refusedConnections[reason] = (this.refusedConnections[reason] ?? 0) + 1;
      },
    };
  }

  /** Samples of the one series that has at least these labels. */
  of(labels: Labels): HeldSample[] {
    const wanted = Object.entries(labels);
    const found = [...this.labels].filter(([, own]) =>
      wanted.every(([name, value]) => own[name] === value),
    );
    if (found.length !== 1)
      throw new Error(
        `${found.length} series for ${JSON.stringify(labels)}: ${this.names().join(" ")}`,
      );
    return this.samples.get(found[0]?.[0] ?? "") ?? [];
  }

  /** Metric names that have samples. */
  names(): string[] {
    return [...new Set([...this.labels.values()].map((own) => own["__name__"] ?? ""))].toSorted();
  }

  #take(batch: MetricsBatch): void {
    if (this.isBroken) throw new OperatingError("unavailable", "the spool is broken");
    this.batches++;
    this.#encoder.encode(batch);
    for (const part of [batch, ...(batch.also ?? [])]) this.#takePart(part);
  }

  #takePart({ schema, rows, sparse, histograms, exemplars, starts }: MetricsPart): void {
    const name = (column: number | undefined) => {
      const { __name__ = "", le } = schema.series[column ?? 0] ?? {};
      return le === undefined ? __name__ : `${__name__}[${le}]`;
    };
    for (const [i, labels] of exemplars?.labels.entries() ?? [])
      this.exemplars.push(
        `${name(exemplars?.columns[i])} ${exemplars?.timestampsMs[i]}=${exemplars?.values[i]} ${JSON.stringify(labels)}`,
      );
    for (const [i, column] of starts?.columns.entries() ?? [])
      this.starts.push(`${name(column)} ${starts?.timestampsMs[i]} since ${starts?.startsMs[i]}`);
    if (histograms !== undefined)
      for (const [i, histogram] of histograms.histograms.entries())
        this.histograms.push({
          labels: schema.series[histograms.columns[i] ?? 0] ?? {},
          timestampMs: histograms.timestampsMs[i] ?? 0,
          histogram,
        });
    for (const family of schema.families) this.families.set(family.name, family);
    for (const { timestampMs, values } of rows)
      for (let i = 0; i < values.length; i++)
        if (!isAbsent(wordsOf(values), i)) this.#add(schema.series[i], timestampMs, values, i);
    if (sparse !== undefined)
      for (let i = 0; i < sparse.values.length; i++)
        this.#add(
          schema.series[sparse.columns[i] ?? 0],
          sparse.timestampsMs[i] ?? 0,
          sparse.values,
          i,
        );
  }

  #add(labels: Labels | undefined, timestampMs: number, values: Float64Array, i: number): void {
    const key = labelsKey(labels ?? {});
    const samples = this.samples.get(key) ?? [];
    this.samples.set(key, samples);
    this.labels.set(key, labels ?? {});
    samples.push({ timestampMs, value: isStale(wordsOf(values), i) ? "stale" : (values[i] ?? 0) });
  }

  #takeLogs(batch: LogsBatch): void {
    if (this.isBroken) throw new OperatingError("unavailable", "the spool is broken");
    this.batches++;
    const text = new TextDecoder();
    batch.bodyEnds.forEach((end, i) => {
      const start = i === 0 ? 0 : (batch.bodyEnds[i - 1] ?? 0);
      this.logs.push({
        stream: batch.streams[batch.streamOf[i] ?? 0] ?? {},
        timestampMs: batch.timestampsMs[i] ?? 0,
        nanos: batch.nanos[i] ?? 0,
        severity: batch.severities[i] ?? 0,
        line: text.decode(batch.bodies.subarray(start, end)),
        attributes: batch.attributes?.[i] ?? {},
      });
    });
  }
}

/** Opens a receiver on `held`, as the host would. */
export function opened(
  open: (context: ReceiverContext) => OpenedReceiver,
  held: Held,
): { readonly app: Hono; readonly receiver: OpenedReceiver } {
  const receiver = open(held.context());
  return { app: receiver.routes, receiver };
}

/** Starts a receiver on ports of its own, and tells them in the order in which it opened them. */
export async function started(
  open: (context: ReceiverContext) => OpenedReceiver,
  held: Held,
): Promise<{ readonly ports: readonly number[]; readonly receiver: OpenedReceiver }> {
  const ports: number[] = [];
  const log: Logger = {
    ...silentLogger,
    info: (_, fields) => void ports.push(Number(fields?.["port"])),
  };
  const receiver = open({ ...held.context(), log });
  await receiver.start?.();
  return { ports, receiver };
}

/** Waits for what sockets bring in their own time. Throws after ten seconds. */
export async function eventually(isThere: () => boolean): Promise<void> {
  for (let round = 0; !isThere(); round++) {
    if (round > 1_000) throw new Error("it did not come");
    await Bun.sleep(10);
  }
}

/** Protobuf's wire format, by field number. */
export const wire = {
  varint(field: number, value: number | bigint): Buffer {
    return Buffer.concat([varint(field * 8), varint(value)]);
  },
  bytes(field: number, value: Uint8Array | string): Buffer {
    const bytes = Buffer.from(value);
    return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
  },
  double(field: number, value: number | Uint8Array): Buffer {
    const bytes = Buffer.alloc(8);
    if (typeof value === "number") bytes.writeDoubleLE(value);
    else bytes.set(value);
    return Buffer.concat([varint(field * 8 + 1), bytes]);
  },
  message(field: number, ...parts: readonly Uint8Array[]): Buffer {
    return wire.bytes(field, Buffer.concat(parts));
  },
};

function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
