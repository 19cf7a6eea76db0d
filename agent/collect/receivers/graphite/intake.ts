import { messageOf } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { ByteAliases } from "../byte_aliases.ts";
import { numberAt } from "../byte_number.ts";
import { emitSamples } from "../emit_samples.ts";
import type { MetricMapper } from "../metric_mapping/metric_mapper.ts";
import { type PushedSeries, noRoom } from "../pushed_series.ts";
import type { ReceiverContext } from "../receiver.ts";
import { SampleBuffer } from "../sample_buffer.ts";
import type { GraphiteConfig } from "./config.ts";
import { namePath } from "./naming.ts";

const [newline, space, tab, carriageReturn] = [0x0a, 0x20, 0x09, 0x0d];
/** A sample is on its way to the spool after so long at most. */
const gatherMs = 100;
const batchSamplesMax = 16_384;
/** Samples that the spool has not taken yet; over it connections are not read, and datagrams are dropped. */
const waitingSamplesMax = 262_144;
const aheadMaxMs = 600_000;
const msPerSecond = 1_000;
/** Carbon's word for the time of arrival. */
const nowSeconds = -1;

/** Lines of Carbon's plaintext protocol, `path value seconds`, as samples with times of their own. Never throws for what a sender wrote. */
export class GraphiteIntake {
  readonly #config: GraphiteConfig;
  readonly #context: ReceiverContext;
  readonly #mapper: MetricMapper | undefined;
  readonly #series: PushedSeries;
  readonly #buffer = new SampleBuffer();
  /** Columns by paths as they were sent. */
  readonly #columns = new ByteAliases();
  /** By column; what is not there is 1. */
  readonly #scales = new Map<number, number>();
  readonly #text = new TextDecoder("utf-8", { fatal: true });
  #refused = new Map<DropReason, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing = 0;
  #written: Promise<void> = Promise.resolve();
  #nowMs = 0;

  constructor(config: GraphiteConfig, context: ReceiverContext, mapper: MetricMapper | undefined) {
    this.#config = config;
    this.#context = context;
    this.#mapper = mapper;
    const { series_max: seriesMax, series_idle: idleMs } = config;
    this.#series = context.newSeries({ seriesMax, idleMs });
    this.#series.lend(this.#columns);
    this.#series.lend(this.#scales);
  }

  /** Whether datagrams are to be dropped, because they come faster than the spool takes them. */
  get isFull(): boolean {
    return this.#buffer.length + this.#writing > waitingSamplesMax;
  }

  /** Counts samples that are not taken. */
  refuse(reason: DropReason, samples: number): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + samples);
    this.#setTimer();
  }

  /** Lines in bytes[start, end), which may be used again afterwards. */
  take(bytes: Buffer, start: number, end: number): void {
    this.#nowMs = this.#context.clock.now();
    for (let from = start; from < end;) {
      let lineEnd = from;
      while (lineEnd < end && bytes[lineEnd] !== newline) lineEnd++;
      this.#takeLine(bytes, from, lineEnd);
      from = lineEnd + 1;
    }
    if (this.#buffer.length > 0) this.#setTimer();
  }

  #takeLine(bytes: Buffer, start: number, end: number): void {
    const pathStart = afterBlanks(bytes, start, end);
    if (pathStart === end) return;
    const pathEnd = wordEnd(bytes, pathStart, end);
    const valueStart = afterBlanks(bytes, pathEnd, end);
    const valueEnd = wordEnd(bytes, valueStart, end);
    const timeStart = afterBlanks(bytes, valueEnd, end);
    const timeEnd = wordEnd(bytes, timeStart, end);
    const value = numberAt(bytes, valueStart, valueEnd);
    const seconds = numberAt(bytes, timeStart, timeEnd);
    if (afterBlanks(bytes, timeEnd, end) !== end || Number.isNaN(value) || Number.isNaN(seconds))
      return this.refuse("invalid_sample", 1);
    const timestampMs = seconds === nowSeconds ? this.#nowMs : Math.round(seconds * msPerSecond);
    if (timestampMs > this.#nowMs + aheadMaxMs || timestampMs <= 0)
      return this.refuse("out_of_bounds_timestamp", 1);
    if (this.#buffer.length === 0) this.#series.begin(this.#nowMs);
    const column =
      this.#columns.get(bytes, pathStart, pathEnd) ?? this.#meet(bytes, pathStart, pathEnd);
    if (column === noRoom) return;
    if (this.#series.isTooOld(column, timestampMs)) return this.refuse("too_old_sample", 1);
    this.#buffer.push(column, timestampMs, value * (this.#scales.get(column) ?? 1));
    if (this.#buffer.length >= batchSamplesMax) this.#flush();
  }

  /** The column of a path that is met for the first time; noRoom where it is refused, and counted. */
  #meet(bytes: Buffer, start: number, end: number): number {
    let path = "";
    try {
      path = this.#text.decode(bytes.subarray(start, end));
    } catch {
      this.refuse("invalid_sample", 1);
      return noRoom;
    }
    const named = namePath(path, this.#config, this.#mapper);
    if (typeof named === "string") {
      this.refuse(named, 1);
      return noRoom;
    }
    const column = this.#series.columnOf(named.labels);
    if (column === noRoom) {
      this.refuse("series_limit", 1);
      return noRoom;
    }
    const name = named.labels[metricNameLabel] ?? "";
    this.#series.describe({ name, type: "gauge", help: named.help, unit: "" });
    if (named.badTags > 0) this.#context.notStored("tag", named.badTags);
    if (named.scale !== 1) this.#scales.set(column, named.scale);
    this.#columns.set(bytes, start, end, column);
    return column;
  }

  #setTimer(): void {
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const refused = this.#refused;
    this.#refused = new Map();
    for (const [reason, samples] of refused) this.#context.drop("metrics", reason, samples);
    const { length } = this.#buffer;
    if (length === 0) return;
    this.#writing += length;
    // Handed over at once: the spool keeps the order of calls.
    const write = emitSamples(this.#context, this.#series, this.#buffer);
    this.#written = this.#writeBehind(this.#written, write, length);
  }

  /** What the spool does not take it has counted, and nobody can be asked for it again. */
  async #writeBehind(before: Promise<void>, write: Promise<void>, samples: number): Promise<void> {
    const [, outcome] = await Promise.allSettled([before, write]);
    this.#writing -= samples;
    if (outcome.status === "rejected")
      this.#context.log.error("samples were not stored", {
        samples,
        error: messageOf(outcome.reason),
      });
  }

  /** Resolves when there is room again: a connection is read no further before. */
  async room(): Promise<void> {
    while (this.isFull) await this.written();
  }

  /** Resolves when everything that was taken so far is in the spool, or was dropped and counted by it. */
  written(): Promise<void> {
    this.#flush();
    return this.#written;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === tab || byte === carriageReturn;
}

function afterBlanks(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(bytes[at])) at++;
  return at;
}

function wordEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && !isBlank(bytes[at])) at++;
  return at;
}
