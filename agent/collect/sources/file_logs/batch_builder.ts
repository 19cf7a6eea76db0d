import { assert } from "#shared/assert.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { batchBytesMax } from "./config.ts";
import { severityOf } from "./severity.ts";

/** Short lines cost more in columns than in bodies, so their number is bounded, too. */
const batchRecordsMax = 16_384;
/** Room that the first line makes; it doubles up to the bounds. Most files have little to tell, and each source has a builder. */
const bytesFirst = 64 * 1_024;
const recordsFirst = 1_024;
/** A clock that goes back by less is held still; by more, it is believed. */
const clockStepMs = 1_000;
const nanosPerMs = 1_000_000;

/** What a record itself tells, in place of the moment of reading and of what its text looks like. */
export type Told = {
  readonly time?: { readonly ms: number; readonly nanos: number };
  readonly severity?: number;
};

/** Gathers lines of many files as columns. Holds at most batchBytesMax of bodies and batchRecordsMax records. */
export class BatchBuilder {
  readonly #clock: Clock;
  #bodies = new Uint8Array();
  #ends = new Uint32Array();
  #streamOf = new Uint32Array();
  #severities = new Uint8Array();
  #timesMs = new Float64Array();
  #nanos = new Uint32Array();
  #attributes: (Labels | undefined)[] | undefined;
  #streams: Labels[] = [];
  #streamIndex = new Map<Labels, number>();
  #records = 0;
  #bytes = 0;
  #lastMs = 0;
  #lastNanos = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get records(): number {
    return this.#records;
  }

  /** Whether a line, or so many, of so many bytes together can still be added. */
  hasRoom(bytes: number, lines = 1): boolean {
    return this.#records + lines <= batchRecordsMax && this.#bytes + bytes <= batchBytesMax;
  }

  /** Label sets are compared by identity: one object a file. */
  #stream(labels: Labels): number {
    const known = this.#streamIndex.get(labels);
    if (known !== undefined) return known;
    const index = this.#streams.push(labels) - 1;
    this.#streamIndex.set(labels, index);
    return index;
  }

  /** The moment of reading, for the lines that follow. Each line gets a nanosecond of its own, so that order is kept. */
  readAt(): void {
    const nowMs = Math.floor(this.#clock.now());
    const back = this.#lastMs - nowMs;
    if (back === 0 || (back > 0 && back < clockStepMs)) return;
    this.#lastMs = nowMs;
    this.#lastNanos = 0;
  }

  /** Copies a line: source[start, end). `extra` goes to its attributes. */
  add(
    labels: Labels,
    source: Buffer,
    start: number,
    end: number,
    truncated: boolean,
    extra?: Labels,
    told?: Told,
  ): void {
    assert(this.hasRoom(end - start), "a line is added only where there is room");
    this.#makeRoom(end - start);
    const i = this.#records++;
    source.copy(this.#bodies, this.#bytes, start, end);
    this.#bytes += end - start;
    this.#ends[i] = this.#bytes;
    this.#streamOf[i] = this.#stream(labels);
    this.#severities[i] = told?.severity ?? severityOf(source, start, end);
    this.#setTime(i, told?.time);
    if (truncated || extra !== undefined) {
      this.#attributes ??= [];
      this.#attributes[i] = { ...extra, ...(truncated ? { truncated: "true" } : {}) };
    }
  }

  /** For one more line of so many bytes. */
  #makeRoom(bytes: number): void {
    const [needed, held] = [this.#bytes + bytes, this.#bodies.length];
    if (needed > held) {
      const room = Math.min(Math.max(needed, 2 * held, bytesFirst), batchBytesMax);
      this.#bodies = filled(new Uint8Array(room), this.#bodies);
    }
    if (this.#records < this.#ends.length) return;
    const room = Math.min(Math.max(2 * this.#records, recordsFirst), batchRecordsMax);
    this.#ends = filled(new Uint32Array(room), this.#ends);
    this.#streamOf = filled(new Uint32Array(room), this.#streamOf);
    this.#severities = filled(new Uint8Array(room), this.#severities);
    this.#timesMs = filled(new Float64Array(room), this.#timesMs);
    this.#nanos = filled(new Uint32Array(room), this.#nanos);
  }

  #setTime(i: number, time: Told["time"]): void {
    if (time !== undefined) {
      this.#timesMs[i] = time.ms;
      this.#nanos[i] = time.nanos;
      return;
    }
    if (++this.#lastNanos === nanosPerMs) {
      this.#lastMs++;
      this.#lastNanos = 0;
    }
    this.#timesMs[i] = this.#lastMs;
    this.#nanos[i] = this.#lastNanos;
  }

  /**
   * Lends what was gathered, and starts over: the columns are views of the builder's own arrays, good until the next add(). A copy for
   * each batch would leave twice a burst's bytes to the garbage collector.
   */
  take(): LogsBatch {
    const count = this.#records;
    const marks = this.#attributes;
    const batch: LogsBatch = {
      streams: this.#streams,
      streamOf: this.#streamOf.subarray(0, count),
      timestampsMs: this.#timesMs.subarray(0, count),
      nanos: this.#nanos.subarray(0, count),
      severities: this.#severities.subarray(0, count),
      bodies: this.#bodies.subarray(0, this.#bytes),
      bodyEnds: this.#ends.subarray(0, count),
      ...(marks === undefined
        ? {}
        : { attributes: Array.from({ length: count }, (_, i) => marks[i]) }),
    };
    this.#records = 0;
    this.#bytes = 0;
    this.#streams = [];
    this.#streamIndex = new Map();
    this.#attributes = undefined;
    return batch;
  }
}

/** `column` with what stood in its smaller forerunner. */
function filled<Column extends Uint8Array | Uint32Array | Float64Array>(
  column: Column,
  before: Column,
): Column {
  column.set(before);
  return column;
}
