import type { Uplink } from "#proto/bus/agent_port.ts";
import type { Clock } from "#shared/runtime/clock.ts";

/** Whether the aggregator can be reached. */
export type ReachStatus = {
  readonly reached: boolean;
  /** Unix milliseconds: since when it is so, as far as this process knows. */
  readonly sinceMs: number;
  /** Where to, or why not. */
  readonly detail: string;
  /** How far this host's clock is ahead of the aggregator's; undefined where no aggregator told. */
  readonly clockOffsetMs: number | undefined;
};

/** Heartbeats come every 5 s and wait 2 s for their answer: so many may fail in a row. */
const silenceMaxMs = 20_000;

/**
 * Knows by the answers to heartbeats whether somebody at the other end takes what is sent: NATS alone only keeps it. An aggregator in the
 * same process is always there.
 */
export class Reach {
  readonly #clock: Pick<Clock, "now" | "monotonic">;
  readonly #status: Uplink["status"] | undefined;
  #sinceMs: number;
  #lastMs: number;
  /** Of the clock that never jumps; undefined before the first answer. */
  #lastMonotonicMs: number | undefined;
  #startedMonotonicMs: number;
  #clockOffsetMs: number | undefined;

  /** `status` is the uplink's; undefined where the aggregator is in the same process. */
  constructor(clock: Pick<Clock, "now" | "monotonic">, status: Uplink["status"] | undefined) {
    this.#clock = clock;
    this.#status = status;
    this.#sinceMs = this.#lastMs = clock.now();
    this.#startedMonotonicMs = clock.monotonic();
  }

  /** A heartbeat was answered. */
  answered(clockOffsetMs: number | undefined): void {
    if (!this.#isHeard()) this.#sinceMs = this.#clock.now();
    this.#lastMs = this.#clock.now();
    this.#lastMonotonicMs = this.#clock.monotonic();
    this.#clockOffsetMs = clockOffsetMs ?? this.#clockOffsetMs;
  }

  /** How long the aggregator has been out of reach; 0 while it is not. Before its first answer it counts from the start. */
  offlineMs(): number {
    if (this.#isReached()) return 0;
    return this.#clock.monotonic() - (this.#lastMonotonicMs ?? this.#startedMonotonicMs);
  }

  status(): ReachStatus {
    const clockOffsetMs = this.#clockOffsetMs;
    if (this.#status === undefined) {
      const detail = "the aggregator is in the same process";
      return { reached: true, sinceMs: this.#sinceMs, detail, clockOffsetMs };
    }
    const { connected, detail } = this.#status();
    if (this.#isReached()) return { reached: true, sinceMs: this.#sinceMs, detail, clockOffsetMs };
    const why = connected ? `${detail}, but no aggregator answers there` : detail;
    return { reached: false, sinceMs: this.#lastMs, detail: why, clockOffsetMs };
  }

  #isReached(): boolean {
    return this.#status === undefined || (this.#status().connected && this.#isHeard());
  }

  #isHeard(): boolean {
    const lastMs = this.#lastMonotonicMs;
    return lastMs !== undefined && this.#clock.monotonic() - lastMs <= silenceMaxMs;
  }
}
