import { messageOf } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import { emitSamples } from "./emit_samples.ts";
import type { PushedSeries, PushedSeriesLimits } from "./pushed_series.ts";
import type { ReceiverOutput } from "../receiver_output.ts";
import { SampleBuffer } from "./sample_buffer.ts";

/** A sample is on its way to the spool after so long at most. */
const gatherMs = 100;
const batchSamplesMax = 16_384;
/** Samples that the spool has not taken yet; over it connections are not read, and datagrams are dropped. */
const waitingSamplesMax = 262_144;
const aheadMaxMs = 600_000;

type Context = ReceiverOutput & {
  /** An empty list of series, bound by these limits and the agent's. */
  newSeries(limits: Pick<PushedSeriesLimits, "seriesMax" | "idleMs">): PushedSeries;
};

/** Gathers samples of connections and datagrams, whose senders are told nothing and which have times of their own, and writes them in order. */
export class SampleQueue {
  readonly series: PushedSeries;
  readonly #context: ReceiverOutput;
  readonly #buffer = new SampleBuffer();
  #refused = new Map<DropReason, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing = 0;
  #written: Promise<void> = Promise.resolve();
  #nowMs = 0;

  constructor(context: Context, limits: Pick<PushedSeriesLimits, "seriesMax" | "idleMs">) {
    this.#context = context;
    this.series = context.newSeries(limits);
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

  /** Before columns are asked for: those of before this call may count no more. Gives the time, in Unix milliseconds. */
  begin(): number {
    this.#nowMs = this.#context.clock.now();
    if (this.#buffer.length === 0) this.series.begin(this.#nowMs);
    return this.#nowMs;
  }

  /** Takes a sample, or counts why not. False when all that was taken is on its way: then begin() again. */
  push(column: number, timestampMs: number, value: number): boolean {
    if (timestampMs > this.#nowMs + aheadMaxMs || !(timestampMs > 0))
      this.refuse("out_of_bounds_timestamp", 1);
    else if (this.series.isTooOld(column, timestampMs)) this.refuse("too_old_sample", 1);
    else this.#buffer.push(column, timestampMs, value);
    if (this.#buffer.length < batchSamplesMax) {
      this.#setTimer();
      return true;
    }
    this.#flush();
    return false;
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
    const write = emitSamples(this.#context, this.series, this.#buffer);
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
