import { DistinctCount } from "#shared/cardinality/distinct_count.ts";
import type { DropReason } from "#shared/model/account.ts";
import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricType } from "#shared/model/metrics.ts";
import { emitSamples } from "../samples/emit_samples.ts";
import { type ColumnMemory, type PushedSeries, noRoom } from "../samples/pushed_series.ts";
import type { ReceiverContext } from "../receiver.ts";
import { SampleBuffer } from "../samples/sample_buffer.ts";
import { CellBudget } from "#shared/model/cell_budget.ts";
import { type Observer, type ObserverOutput, newObserver } from "./observers.ts";
import type { NamedSeries, SeriesKind } from "./series_naming.ts";
import { TimedSamples } from "./timed_samples.ts";

/** Samples that are handed to the spool at once. Sockets are read between two batches: what is written takes time, and the kernel's buffer is small. */
const batchSamplesMax = 2_048;
/** Counts of buckets of all observers: 64 MiB. */
const cellsMax = 8 * 1024 ** 2;
/** Slots of series that ended are used again when there are more of them than of others, and this many. */
const endedMin = 1_024;

/** A series of the senders', which may be several of ours. */
type Slot = {
  readonly key: string;
  readonly named: NamedSeries;
  /** Label sets of ours. */
  readonly series: readonly Labels[];
  /** By series; noRoom where it has to be looked for. */
  readonly columns: Int32Array;
  /** When its last sample came, by the clock that never goes back. */
  seenMs: number;
  /** Of a counter since it began, of a gauge the last one. */
  value: number;
  readonly observer: Observer | undefined;
  members: DistinctCount | undefined;
  /** Whether its zero is yet to be written. */
  isNew: boolean;
  /** Whether it has a value without a time of its own. */
  isOnGrid: boolean;
  /** Whether a sample came since the last write. */
  isTouched: boolean;
};

export type AggregatesParts = {
  readonly context: ReceiverContext;
  readonly series: PushedSeries;
  /** Series of senders; each has one of ours at least. */
  readonly seriesMax: number;
};

/**
 * What is known of each series between two writes: counters and observers since they began, the last values of gauges, the
 * members of sets since the last write. Slots are numbers, which lines are known by.
 */
export class Aggregates implements ColumnMemory {
  readonly #parts: AggregatesParts;
  readonly #budget = new CellBudget(cellsMax);
  readonly #buffer = new SampleBuffer();
  readonly #timed = new TimedSamples();
  #slots: (Slot | undefined)[] = [];
  #ended = 0;
  readonly #slotOf = new Map<string, number>();
  /** By metric name, what its series are and how many: no name is of two types. */
  readonly #kinds = new Map<string, { readonly kind: SeriesKind; series: number }>();
  /** Nothing is told of before it. */
  readonly #startedMs: number;
  #writtenMs = -Infinity;

  constructor(parts: AggregatesParts) {
    this.#parts = parts;
    this.#startedMs = parts.context.clock.now();
    parts.series.lend(this);
  }

  /** Of ColumnMemory: never too large by itself. */
  get size(): number {
    return 0;
  }

  /** Columns are numbered anew. */
  clear(): void {
    for (const slot of this.#slots) slot?.columns.fill(noRoom);
  }

  isLive(slot: number): boolean {
    return this.#slots[slot] !== undefined;
  }

  /** The slot of a series, which is a new one where it is met for the first time; or why it is not taken. */
  open(named: NamedSeries): number | DropReason {
    const name = named.labels[metricNameLabel] ?? "";
    const kind = this.#kinds.get(name);
    if (kind !== undefined && kind.kind !== named.kind) return "invalid_sample";
    const key = labelsKey(named.labels);
    const known = this.#slotOf.get(key);
    if (known !== undefined) return known;
    if (this.#slotOf.size >= this.#parts.seriesMax) return "series_limit";
    const { clock } = this.#parts.context;
    const nowMs = () => clock.monotonic();
    const observer =
      named.kind === "observer" ? newObserver(named.observer, this.#budget, nowMs) : undefined;
    const series = observer?.seriesOf(named.labels) ?? [named.labels];
    const slot: Slot = {
      key,
      named,
      series,
      columns: new Int32Array(series.length).fill(noRoom),
      seenMs: nowMs(),
      value: 0,
      observer,
      members: named.kind === "set" ? new DistinctCount() : undefined,
      isNew: true,
      isOnGrid: false,
      isTouched: true,
    };
    if (!this.#findColumns(slot)) {
      observer?.close();
      return "series_limit";
    }
    if (kind === undefined) this.#kinds.set(name, { kind: named.kind, series: 1 });
    else kind.series++;
    this.#describe(named);
    this.#slotOf.set(key, this.#slots.length);
    return this.#slots.push(slot) - 1;
  }

  #describe({ labels, kind, observer, help }: NamedSeries): void {
    const types: Readonly<Record<SeriesKind, MetricType>> = {
      counter: "counter",
      gauge: "gauge",
      set: "gauge",
      observer: observer.type === "summary" ? "summary" : "histogram",
    };
    const name = labels[metricNameLabel] ?? "";
    this.#parts.series.describe({ name, type: types[kind], help, unit: "" });
  }

  /** False where one of its series has no room. */
  #findColumns({ columns, series, named, key }: Slot): boolean {
    for (let i = 0; i < columns.length; i++) {
      if (columns[i] !== noRoom) continue;
      const labels = series[i] ?? {};
      columns[i] = this.#parts.series.columnOf(labels, labels === named.labels ? key : undefined);
      if (columns[i] === noRoom) return false;
    }
    return true;
  }

  /** A counter counted `by`, 0 or more. */
  count(at: number, by: number): void {
    const slot = this.#touched(at);
    if (slot !== undefined) slot.value += by * slot.named.scale;
  }

  gauge(at: number, value: number, isRelative: boolean): void {
    const slot = this.#touched(at);
    if (slot === undefined) return;
    const scaled = value * slot.named.scale;
    slot.value = isRelative ? slot.value + scaled : scaled;
  }

  /** A gauge's value at a time of its own, in Unix milliseconds; or why it is not taken. */
  gaugeAt(at: number, value: number, timestampMs: number): DropReason | undefined {
    const slot = this.#slots[at];
    if (slot === undefined) return undefined;
    slot.seenMs = this.#parts.context.clock.monotonic();
    return this.#timed.add(at, timestampMs, value * slot.named.scale);
  }

  observe(at: number, value: number, weight: number): void {
    const slot = this.#touched(at);
    slot?.observer?.observe(value * slot.named.scale, weight);
  }

  /** `hash`: 53 bits of a member of a set. */
  member(at: number, hash: number): void {
    this.#touched(at)?.members?.add(hash);
  }

  #touched(at: number): Slot | undefined {
    const slot = this.#slots[at];
    if (slot === undefined) return undefined;
    slot.seenMs = this.#nowMs;
    slot.isOnGrid = true;
    slot.isTouched = true;
    return slot;
  }

  #nowMs = 0;

  /** What is taken from now on came now. */
  begin(): void {
    this.#nowMs = this.#parts.context.clock.monotonic();
  }

  /**
   * Writes every series with the time `tickMs`, and ends those without samples for their TTL. Resolves when all is in the spool;
   * rejects where it took nothing. One call after the other.
   */
  async write(tickMs: number, drop: (reason: DropReason, samples: number) => void): Promise<void> {
    const { context, series } = this.#parts;
    series.begin(context.clock.now());
    this.#buffer.clear();
    const writes: Promise<void>[] = [];
    const next = (): void => {
      if (this.#buffer.length > 0) writes.push(emitSamples(context, series, this.#buffer));
    };
    const isFull = (): boolean => this.#buffer.length >= batchSamplesMax;
    this.#writeTimed(drop, next);
    const zeroMs = Math.max(this.#writtenMs, this.#startedMs);
    // Series that are new while others are written are written the next time.
    const { length } = this.#slots;
    for (let at = 0; at < length; at++) {
      const slot = this.#slots[at];
      if (slot?.isNew !== true || !slot.isOnGrid || zeroMs >= tickMs) continue;
      this.#writeZero(slot, zeroMs);
      if (!isFull()) continue;
      next();
      await socketsRead();
    }
    for (let at = 0; at < length; at++) {
      const slot = this.#slots[at];
      if (slot === undefined) continue;
      if (this.#findColumns(slot)) this.#writeSlot(at, slot, tickMs);
      else drop("series_limit", slot.columns.length);
      if (!isFull()) continue;
      next();
      await socketsRead();
    }
    next();
    this.#writtenMs = tickMs;
    this.#reuseSlots();
    const outcomes = await Promise.allSettled(writes);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  #writeTimed(drop: (reason: DropReason, samples: number) => void, next: () => void): void {
    const { context, series } = this.#parts;
    const latestMs = context.clock.now() + aheadMaxMs;
    this.#timed.take((at, timestampMs, value) => {
      const slot = this.#slots[at];
      if (slot === undefined) return;
      const column = this.#findColumns(slot) ? (slot.columns[0] ?? noRoom) : noRoom;
      if (column === noRoom) return drop("series_limit", 1);
      if (timestampMs > latestMs) return drop("out_of_bounds_timestamp", 1);
      if (series.isTooOld(column, timestampMs)) return drop("too_old_sample", 1);
      this.#buffer.push(column, timestampMs, value);
      if (this.#buffer.length >= batchSamplesMax) next();
    });
  }

  /** Counters and observers begin with nothing, where they had been written last had they been there. */
  #writeZero(slot: Slot, zeroMs: number): void {
    slot.isNew = false;
    const { kind } = slot.named;
    if ((kind !== "counter" && kind !== "observer") || !this.#findColumns(slot)) return;
    // A series that ended there and comes again has its end at that time.
    const isTaken = slot.columns.some(
      (column) => this.#parts.series.compareWithLast(column, zeroMs, 0, 0) === "conflict",
    );
    const output = this.#outputOf(slot, isTaken ? zeroMs + 1 : zeroMs);
    if (slot.observer === undefined) output.number(0, 0);
    else slot.observer.writeZero(output);
  }

  #writeSlot(at: number, slot: Slot, tickMs: number): void {
    const { ttlMs } = slot.named;
    const silentMs = this.#parts.context.clock.monotonic() - slot.seenMs;
    if (ttlMs > 0 && silentMs >= ttlMs && !slot.isTouched) {
      for (const column of slot.columns) this.#buffer.pushStale(column, tickMs);
      this.#end(at, slot);
      return;
    }
    slot.isTouched = false;
    if (!slot.isOnGrid) return;
    const output = this.#outputOf(slot, tickMs);
    if (slot.observer !== undefined) slot.observer.write(output);
    else output.number(0, slot.members?.value ?? slot.value);
    if (slot.members !== undefined && slot.members.value > 0) slot.members = new DistinctCount();
  }

  #outputOf(slot: Slot, timestampMs: number): ObserverOutput {
    const [buffer, { columns }] = [this.#buffer, slot];
    return {
      number: (i, value) => buffer.push(columns[i] ?? 0, timestampMs, value),
      histogram: (i, histogram, low, high) =>
        buffer.pushHistogram(columns[i] ?? 0, timestampMs, histogram, low, high),
    };
  }

  #end(at: number, slot: Slot): void {
    slot.observer?.close();
    this.#slots[at] = undefined;
    this.#slotOf.delete(slot.key);
    this.#ended++;
    const name = slot.named.labels[metricNameLabel] ?? "";
    const kind = this.#kinds.get(name);
    if (kind !== undefined && --kind.series === 0) this.#kinds.delete(name);
  }

  /** Told when slots are numbered anew. */
  onRenumbered: () => void = () => {};

  #reuseSlots(): void {
    if (this.#ended < endedMin || 2 * this.#ended < this.#slots.length) return;
    this.#slots = this.#slots.filter((slot) => slot !== undefined);
    this.#ended = 0;
    for (const [at, slot] of this.#slots.entries())
      if (slot !== undefined) this.#slotOf.set(slot.key, at);
    this.onRenumbered();
  }
}

/** Resolves when the loop has looked at its sockets. */
function socketsRead(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** As for everything that is pushed. */
const aheadMaxMs = 600_000;
