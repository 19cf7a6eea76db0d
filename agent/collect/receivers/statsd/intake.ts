import type { DropReason } from "#shared/model/account.ts";
import { LogQueue } from "../records/log_queue.ts";
import type { MetricMapper } from "../samples/metric_mapping/metric_mapper.ts";
import type { ReceiverContext } from "../receiver.ts";
import { Aggregates } from "./aggregates.ts";
import { numberAt } from "../records/byte_number.ts";
import type { StatsdConfig } from "./config.ts";
import { LineKeys, unknownKey } from "./line_keys.ts";
import { type LinePart, LineReader, sampleTypes } from "./line_reader.ts";
import { isMessage, readMessage } from "./messages.ts";
import { SeriesNaming } from "./series_naming.ts";

const [newline, carriageReturn, colon, plus, minus] = [0x0a, 0x0d, 0x3a, 0x2b, 0x2d];
const msPerSecond = 1_000;
/** Number in LineKeys of what a rule drops. */
const droppedKey = 0x7fffffff;
/** Ways in which lines may name one series: order of tags, containers. */
const keysPerSeries = 4;
const keyBytesMax = 64 * 1024 ** 2;

/** What packets bring, as samples of the next write and records of logs. Never throws for what a sender wrote. */
export class StatsdIntake {
  readonly #config: StatsdConfig;
  readonly #context: ReceiverContext;
  readonly #aggregates: Aggregates;
  readonly #naming: SeriesNaming;
  readonly #keys: LineKeys;
  readonly #reader: LineReader;
  readonly #logs: LogQueue;
  readonly #hasContainer: boolean;
  readonly #isSignAbsolute: boolean;
  readonly #hashSeed = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
  /** Told when something is written: a sum each, not a call for every line that can't be read. */
  #refused = new Map<DropReason, number>();

  constructor(config: StatsdConfig, context: ReceiverContext, mapper: MetricMapper | undefined) {
    this.#config = config;
    this.#context = context;
    const { series_max: seriesMax, interval } = config;
    const idleMs = 4 * interval;
    const series = context.newSeries({ seriesMax, idleMs });
    this.#aggregates = new Aggregates({ context, series, seriesMax });
    this.#keys = new LineKeys({ keysMax: keysPerSeries * seriesMax, bytesMax: keyBytesMax });
    this.#aggregates.onRenumbered = () => this.#keys.clear();
    this.#naming = new SeriesNaming(config, mapper, (tags) => context.notStored("tag", tags));
    this.#hasContainer = config.container_id_label !== undefined;
    this.#isSignAbsolute = config.gauge_sign === "absolute";
    this.#logs = new LogQueue(context, config.line_size_max);
    this.#reader = new LineReader(
      (bytes, part) => this.#takePart(bytes, part),
      () => this.refuse("invalid_sample", 1),
    );
  }

  /** Counts samples that are not taken. */
  refuse(reason: DropReason, samples: number): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + samples);
  }

  /** A packet of lines: bytes[start, end), which may be used again afterwards. */
  take(bytes: Buffer, start: number, end: number): void {
    this.#aggregates.begin();
    for (let from = start; from < end;) {
      let lineEnd = from;
      while (lineEnd < end && bytes[lineEnd] !== newline) lineEnd++;
      this.#takeLine(bytes, from, lineEnd);
      from = lineEnd + 1;
    }
  }

  #takeLine(bytes: Buffer, start: number, lineEnd: number): void {
    const end = lineEnd > start && bytes[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd;
    if (end === start) return;
    if (isMessage(bytes, start, end)) this.#takeMessage(bytes, start, end);
    else this.#reader.read(bytes, start, end);
  }

  #takePart(bytes: Buffer, part: LinePart): void {
    let slot = this.#keys.get(bytes, part, this.#hasContainer);
    if (slot === unknownKey || (slot !== droppedKey && !this.#aggregates.isLive(slot)))
      slot = this.#meet(bytes, part);
    if (slot === unknownKey) return;
    const { type, valuesEnd } = part;
    for (let start = part.valuesStart; start <= valuesEnd;) {
      let end = start;
      while (end < valuesEnd && bytes[end] !== colon) end++;
      if (slot === droppedKey) this.refuse("relabel", 1);
      else if (type === sampleTypes.s) this.#takeMember(bytes, slot, start, end);
      else this.#takeValue(bytes, part, slot, start, end);
      start = end + 1;
    }
  }

  /** The slot of a series that these bytes have not named yet; unknownKey where it is refused, and counted. */
  #meet(bytes: Buffer, part: LinePart): number {
    const named = this.#naming.name(bytes, part);
    const opened = typeof named === "string" ? named : this.#aggregates.open(named);
    if (typeof opened === "string" && opened !== "relabel") {
      this.refuse(opened, valuesOf(bytes, part));
      return unknownKey;
    }
    const slot = typeof opened === "string" ? droppedKey : opened;
    this.#keys.set(bytes, part, this.#hasContainer, slot);
    return slot;
  }

  #takeMember(bytes: Buffer, slot: number, start: number, end: number): void {
    const hash = Bun.hash.wyhash(bytes.subarray(start, end), this.#hashSeed);
    this.#aggregates.member(slot, Number(BigInt.asUintN(53, hash)));
  }

  #takeValue(bytes: Buffer, part: LinePart, slot: number, start: number, end: number): void {
    const value = numberAt(bytes, start, end);
    const { type, rate, unixSeconds } = part;
    if (Number.isNaN(value)) return this.refuse("invalid_sample", 1);
    if (type === sampleTypes.g) {
      if (unixSeconds > 0) {
        const reason = this.#aggregates.gaugeAt(slot, value, unixSeconds * msPerSecond);
        if (reason !== undefined) this.refuse(reason, 1);
        return;
      }
      const first = bytes[start];
      const isRelative = !this.#isSignAbsolute && (first === plus || first === minus);
      this.#aggregates.gauge(slot, value, isRelative);
    } else if (type === sampleTypes.c || type === sampleTypes.m) {
      if (value < 0) return this.refuse("invalid_sample", 1);
      this.#aggregates.count(slot, value / rate);
    } else if (type === sampleTypes.timing)
      this.#aggregates.observe(slot, value / msPerSecond, 1 / rate);
    else this.#aggregates.observe(slot, value, 1 / rate);
  }

  #takeMessage(bytes: Buffer, start: number, end: number): void {
    if (this.#logs.isFull) return this.#context.drop("logs", "rate_limit", 1);
    const message = readMessage(bytes, start, end);
    if (message === undefined) return this.#context.drop("logs", "invalid_record", 1);
    const { labels } = this.#config;
    this.#logs.add({ ...labels, ...message.stream }, message.record, () =>
      bytes.subarray(start, end),
    );
    if (message.check === undefined) return;
    const slot = this.#aggregates.open({
      kind: "gauge",
      labels: { ...labels, ...message.check.labels },
      help: "Status of a service check: 0 ok, 1 warning, 2 critical, 3 unknown.",
      ttlMs: this.#config.ttl,
      scale: 1,
      observer: this.#naming.observerOf(undefined),
    });
    if (typeof slot === "number") this.#aggregates.gauge(slot, message.check.status, false);
    else this.refuse(slot, 1);
  }

  /** Writes what was taken, with this time; resolves when it is in the spool, rejects where that took nothing. */
  async write(tickMs: number): Promise<void> {
    try {
      await this.#aggregates.write(tickMs, (reason, samples) => this.refuse(reason, samples));
    } finally {
      const refused = this.#refused;
      this.#refused = new Map();
      for (const [reason, samples] of refused) this.#context.drop("metrics", reason, samples);
    }
  }

  /** Resolves when records of logs have room again: a connection is read no further before. */
  room(): Promise<void> {
    return this.#logs.room();
  }

  /** Resolves when all records of logs are in the spool. */
  written(): Promise<void> {
    return this.#logs.written();
  }
}

/** How many values the part has. */
function valuesOf(bytes: Buffer, { valuesStart, valuesEnd }: LinePart): number {
  let count = 1;
  for (let i = valuesStart; i < valuesEnd; i++) if (bytes[i] === colon) count++;
  return count;
}
