import { metricNameLabel } from "#shared/model/labels.ts";
import { ByteAliases } from "../records/byte_aliases.ts";
import { numberAt } from "../records/byte_number.ts";
import type { MetricMapper } from "../samples/metric_mapping/metric_mapper.ts";
import { noRoom } from "../samples/pushed_series.ts";
import type { ReceiverContext } from "../receiver.ts";
import { SampleQueue } from "../samples/sample_queue.ts";
import type { GraphiteConfig } from "./config.ts";
import { namePath } from "./naming.ts";

const [newline, space, tab, carriageReturn] = [0x0a, 0x20, 0x09, 0x0d];
const msPerSecond = 1_000;
/** Carbon's word for the time of arrival. */
const nowSeconds = -1;

/** Lines of Carbon's plaintext protocol, `path value seconds`, as samples with times of their own. Never throws for what a sender wrote. */
export class GraphiteIntake {
  readonly #config: GraphiteConfig;
  readonly #context: ReceiverContext;
  readonly #mapper: MetricMapper | undefined;
  readonly queue: SampleQueue;
  /** Columns by paths as they were sent. */
  readonly #columns = new ByteAliases();
  /** By column; what is not there is 1. */
  readonly #scales = new Map<number, number>();
  readonly #text = new TextDecoder("utf-8", { fatal: true });
  #nowMs = 0;

  constructor(config: GraphiteConfig, context: ReceiverContext, mapper: MetricMapper | undefined) {
    this.#config = config;
    this.#context = context;
    this.#mapper = mapper;
    const { series_max: seriesMax, series_idle: idleMs } = config;
    this.queue = new SampleQueue(context, { seriesMax, idleMs });
    this.queue.series.lend(this.#columns);
    this.queue.series.lend(this.#scales);
  }

  /** Lines in bytes[start, end), which may be used again afterwards. */
  take(bytes: Buffer, start: number, end: number): void {
    this.#nowMs = this.queue.begin();
    for (let from = start; from < end;) {
      let lineEnd = from;
      while (lineEnd < end && bytes[lineEnd] !== newline) lineEnd++;
      this.#takeLine(bytes, from, lineEnd);
      from = lineEnd + 1;
    }
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
      return this.queue.refuse("invalid_sample", 1);
    const timestampMs = seconds === nowSeconds ? this.#nowMs : Math.round(seconds * msPerSecond);
    const column =
      this.#columns.get(bytes, pathStart, pathEnd) ?? this.#meet(bytes, pathStart, pathEnd);
    if (column === noRoom) return;
    const scaled = value * (this.#scales.get(column) ?? 1);
    if (!this.queue.push(column, timestampMs, scaled)) this.queue.begin();
  }

  /** The column of a path that is met for the first time; noRoom where it is refused, and counted. */
  #meet(bytes: Buffer, start: number, end: number): number {
    let path = "";
    try {
      path = this.#text.decode(bytes.subarray(start, end));
    } catch {
      this.queue.refuse("invalid_sample", 1);
      return noRoom;
    }
    const named = namePath(path, this.#config, this.#mapper);
    if (typeof named === "string") {
      this.queue.refuse(named, 1);
      return noRoom;
    }
    const column = this.queue.series.columnOf(named.labels);
    if (column === noRoom) {
      this.queue.refuse("series_limit", 1);
      return noRoom;
    }
    const name = named.labels[metricNameLabel] ?? "";
    this.queue.series.describe({ name, type: "gauge", help: named.help, unit: "" });
    if (named.badTags > 0) this.#context.notStored("tag", named.badTags);
    if (named.scale !== 1) this.#scales.set(column, named.scale);
    this.#columns.set(bytes, start, end, column);
    return column;
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
