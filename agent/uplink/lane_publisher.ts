import type { AgentPort } from "#proto/bus/agent_port.ts";
import { decodeFrame, positionOf } from "#proto/codec/envelope.ts";
import { Wakeup } from "#shared/async/wakeup.ts";
import { messageOf } from "#shared/errors.ts";
import type { Position, Signal } from "#shared/model/position.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { UplinkMeters } from "./meters.ts";

type PublisherParts = {
  readonly port: AgentPort;
  readonly signal: Signal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meters: UplinkMeters;
};

/** Hands one frame over in the order of the calls; resolves when the carrier has acknowledged it. */
export type Publish = (frame: Uint8Array) => Promise<void>;

type Pending = {
  readonly position: Position;
  readonly bytes: number;
  state: "waiting" | "acknowledged" | "failed";
};

/**
 * Frames and bytes on their way without an acknowledgement: 15 MB/s at 100 ms of distance, some 780,000 log lines. The client and its socket hold
 * copies of them, so that each MiB here is two or three of the process.
 */
const pendingMax = 64;
const pendingBytesMax = 1.5 * 1024 * 1024;
const retryMinMs = 250;
const retryMaxMs = 5_000;

/**
 * Sends a lane's frames in order, with a window of unacknowledged ones. When one fails it goes back to the last frame acknowledged
 * in order, and sends on from there (go-back-N): the aggregator drops what it has already.
 */
export class LanePublisher {
  readonly #parts: PublisherParts;
  readonly #wakeup = new Wakeup();
  /** Everything up to here is acknowledged, or known to be committed. Stays over connections. */
  #acknowledged: Position = origin;
  #sent: Position = origin;
  #pending: Pending[] = [];

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** There may be more to send. */
  wake(): void {
    this.#wakeup.wake();
  }

  /** What the aggregator has need not be sent. */
  skipTo(position: Position): void {
    if (comparePositions(position, this.#acknowledged) > 0) this.#acknowledged = position;
  }

  /**
   * Sends everything after the position again. A place that is not reached yet changes nothing; one before it counts even while the
   * carrier's acknowledgements are still on their way, because the aggregator may be quicker than they.
   */
  rewind(position: Position): void {
    if (comparePositions(position, this.#sent) >= 0) return;
    this.#parts.meters.resent(this.#parts.signal);
    this.#goBackTo(position);
    this.#wakeup.wake();
  }

  /** Sends over one connection until the signal aborts. */
  async run(publish: Publish, signal: AbortSignal): Promise<void> {
    const { clock, log, meters, signal: lane } = this.#parts;
    const wake = (): void => this.#wakeup.wake();
    signal.addEventListener("abort", wake, { once: true });
    this.#goBackTo(this.#acknowledged);
    let waitMs = retryMinMs;
    while (!signal.aborted) {
      try {
        if (this.#takeAcknowledged()) waitMs = retryMinMs;
        if (!(await this.#sendMore(publish, signal)) && !this.#hasNews()) await this.#wakeup.wait();
      } catch (thrown) {
        if (signal.aborted) return;
        meters.failed(lane);
        log.warn("frames not taken by the carrier, sent again", {
          signal: lane,
          error: messageOf(thrown),
        });
        this.#goBackTo(this.#acknowledged);
        await clock.sleep(waitMs, signal);
        waitMs = Math.min(2 * waitMs, retryMaxMs);
      }
    }
  }

  /** True when there was one. Throws when the oldest has failed. */
  #takeAcknowledged(): boolean {
    let isAny = false;
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      if (first.state === "failed") throw new Error("not acknowledged");
      if (first.state === "waiting") break;
      this.#pending.shift();
      this.#acknowledged = first.position;
      this.#parts.meters.acknowledged(this.#parts.signal, first.bytes);
      isAny = true;
    }
    return isAny;
  }

  #hasNews(): boolean {
    const [first] = this.#pending;
    return first !== undefined && first.state !== "waiting";
  }

  /** False when the window is full or nothing is there. */
  async #sendMore(publish: Publish, signal: AbortSignal): Promise<boolean> {
    const bytesPending = this.#pending.reduce((sum, { bytes }) => sum + bytes, 0);
    const room = pendingBytesMax - bytesPending;
    if (room <= 0 || this.#pending.length >= pendingMax) return false;
    const from = this.#sent;
    const frames = await this.#parts.port.readFrames(this.#parts.signal, from, room);
    // A rewind during the read wins; what was read will be read again.
    if (comparePositions(this.#sent, from) !== 0) return true;
    for (const frame of frames.slice(0, pendingMax - this.#pending.length)) {
      if (signal.aborted) return false;
      this.#send(publish, frame);
    }
    return frames.length > 0;
  }

  #send(publish: Publish, frame: Uint8Array): void {
    const position = positionOf(decodeFrame(frame).header);
    const pending: Pending = { position, bytes: frame.length, state: "waiting" };
    this.#pending.push(pending);
    this.#sent = position;
    const settle = async (): Promise<void> => {
      try {
        await publish(frame);
        pending.state = "acknowledged";
      } catch (thrown) {
        pending.state = "failed";
        this.#parts.log.debug("publish failed", { ...position, error: messageOf(thrown) });
      }
      this.#wakeup.wake();
    };
    void settle();
  }

  #goBackTo(position: Position): void {
    this.#acknowledged = position;
    this.#sent = position;
    // Their acknowledgements may still come, and then mean nothing.
    this.#pending = [];
  }
}
