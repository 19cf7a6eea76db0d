import type { AgentPort } from "#proto/bus/agent_port.ts";
import { decodeFrame, positionOf } from "#proto/codec/envelope.ts";
import { Wakeup } from "#shared/async/wakeup.ts";
import { messageOf } from "#shared/errors.ts";
import type { Position } from "#shared/model/position.ts";
import type { Signal } from "#shared/signals.ts";
import { comparePositions } from "#shared/model/position.ts";
import {
  joinSpans,
  type Span,
  spanAfter,
  spanOfFrame,
  upTo,
  withoutSpans,
} from "#shared/model/spans.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { BacklogPace } from "./backlog_pace.ts";
import type { UplinkMeters } from "./meters.ts";
import { type Publish, SendWindow } from "./send_window.ts";

type PublisherParts = {
  readonly port: AgentPort;
  readonly signal: Signal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meters: UplinkMeters;
  /** Common to all lanes. */
  readonly pace: BacklogPace;
  /** With an unsent frame older than this, what is new is sent first. */
  readonly backlogAfterMs: number;
};

/**
 * Frames and bytes on their way without an acknowledgement: 15 MB/s at 100 ms of distance, some 780,000 log lines. The client and its socket hold
 * copies of them, so that each MiB here is two or three of the process.
 */
const liveLimits = { framesMax: 64, bytesMax: 1.5 * 1024 * 1024 };
/** What was left by an outage: less, because what is new waits behind it on the connection. */
const backlogLimits = { framesMax: 16, bytesMax: 256 * 1024 };
const retryMinMs = 250;
const retryMaxMs = 5_000;

/**
 * Sends a lane's frames, with windows of unacknowledged ones. When one fails it goes back to the last frame acknowledged
 * in order, and sends on from there (go-back-N): the aggregator drops what it has already.
 *
 * Nearly always all frames are sent in order. Where much was left by an outage, an epoch is opened that the aggregator may take ahead of it: from there on
 * frames are sent at once, and what lies before it beside them, oldest first, paced, and only while nothing newer waits. An agent
 * that is cut off again meanwhile opens another one: then both what is left of the first backlog and what was not sent
 * since are the backlog.
 */
export class LanePublisher {
  readonly #parts: PublisherParts;
  readonly #wakeup = new Wakeup();
  readonly #live = new SendWindow(liveLimits);
  readonly #backlog = new SendWindow(backlogLimits);
  /** What is acknowledged, or known to be committed. Stays over connections. */
  #done: readonly Span[] = [];
  /** Where what is new begins; 0 where all is sent in order. */
  #liveEpoch = 0;
  /** Something before the live epoch may be unsent. */
  #hasBacklog = false;
  #isLooking = false;
  #isTimed = false;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#beginLive(parts.port.liveEpoch(parts.signal));
  }

  /** The last frame of the backlog that was sent while more of it is to come; undefined when there is none. */
  get backlogSent(): Position | undefined {
    return this.#hasBacklog ? this.#backlog.sent : undefined;
  }

  /** There may be more to send. */
  wake(): void {
    this.#wakeup.wake();
  }

  /** What the aggregator has need not be sent. */
  skip(position: Position, ahead: readonly Span[]): void {
    this.#done = joinSpans([...this.#done, ...upTo(position, ahead)]);
  }

  /**
   * Sends everything after the position again; `next` is the first frame there. A place that is not reached yet changes nothing; one before
   * it counts even while the carrier's acknowledgements are still on their way, because the aggregator may be quicker than they.
   */
  rewind(position: Position, next: Position): void {
    const from = { epoch: position.epoch, sequence: position.sequence };
    // By the frame: behind the end of an epoch a position is not where the next epoch's frames were taken to begin.
    const span = spanOfFrame(this.#done, next);
    const window = next.epoch >= this.#liveEpoch ? this.#live : this.#backlog;
    if (span === undefined && comparePositions(from, window.sent) >= 0) return;
    this.#parts.meters.resent(this.#parts.signal);
    if (span !== undefined) this.#done = withoutSpans(this.#done, [{ from, to: span.to }]);
    this.#hasBacklog = this.#liveEpoch > 0;
    if (comparePositions(next, window.sent) <= 0) window.startAt(from);
    // What was taken for sent may go on behind the live epoch's beginning.
    const live = { epoch: this.#liveEpoch, sequence: 0 };
    if (span !== undefined && window !== this.#live && comparePositions(span.to, live) > 0)
      this.#live.startAt(live);
    this.#wakeup.wake();
  }

  /** Whether frames of what is new are not acknowledged. */
  async hasUnsent(): Promise<boolean> {
    const { port, signal } = this.#parts;
    const live = { epoch: this.#liveEpoch, sequence: 0 };
    const frames = await port.readFrames(signal, this.#doneFrom(this.#liveEpoch) ?? live, 1);
    return frames.length > 0;
  }

  /** Where the oldest frame that is not acknowledged is old, what is new goes ahead of it from now on. */
  async lookBack(): Promise<void> {
    const { port, signal, clock, log, backlogAfterMs } = this.#parts;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const live = { epoch: this.#liveEpoch, sequence: 0 };
      const unsent = this.#doneFrom(this.#liveEpoch) ?? live;
      const [frame] = await port.readFrames(signal, unsent, 1);
      if (frame === undefined) return;
      const { createdMs } = decodeFrame(frame).header;
      if (clock.now() - createdMs < backlogAfterMs) return;
      const epoch = await port.openAhead(signal);
      if (epoch === undefined) return;
      log.info("what is new is sent ahead of a backlog", { signal, epoch, oldest_ms: createdMs });
      this.#beginLive(epoch);
      this.#wakeup.wake();
    } catch (thrown) {
      log.warn("backlog could not be looked at", { signal, error: messageOf(thrown) });
    } finally {
      this.#isLooking = false;
    }
  }

  /** Sends over one connection until the signal aborts. */
  async run(publish: Publish, signal: AbortSignal): Promise<void> {
    const { clock, log, meters, signal: lane } = this.#parts;
    const wake = (): void => this.#wakeup.wake();
    signal.addEventListener("abort", wake, { once: true });
    this.#goBack();
    let waitMs = retryMinMs;
    while (!signal.aborted) {
      try {
        if (this.#takeAcknowledged()) waitMs = retryMinMs;
        if (await this.#sendMore(publish, signal)) continue;
        if (!this.#live.hasNews && !this.#backlog.hasNews) await this.#wakeup.wait();
      } catch (thrown) {
        if (signal.aborted) return;
        meters.failed(lane);
        log.warn("frames not taken by the carrier, sent again", {
          signal: lane,
          error: messageOf(thrown),
        });
        this.#goBack();
        await clock.sleep(waitMs, signal);
        waitMs = Math.min(2 * waitMs, retryMaxMs);
      }
    }
  }

  /** True when there was one. Throws when the oldest of a window has failed. */
  #takeAcknowledged(): boolean {
    let isAny = false;
    for (const window of [this.#live, this.#backlog])
      for (let one = window.takeAcknowledged(); one; one = window.takeAcknowledged()) {
        this.#done = joinSpans([...this.#done, one.span]);
        this.#parts.meters.acknowledged(this.#parts.signal, one.bytes);
        isAny = true;
      }
    return isAny;
  }

  /** False when nothing can be sent before something changes. */
  async #sendMore(publish: Publish, signal: AbortSignal): Promise<boolean> {
    if (this.#live.room <= 0) return false;
    if (await this.#sendLive(publish, signal)) return true;
    return this.#hasBacklog && (await this.#sendBacklog(publish, signal));
  }

  async #sendLive(publish: Publish, signal: AbortSignal): Promise<boolean> {
    const window = this.#live;
    const from = window.sent;
    const frames = await this.#parts.port.readFrames(this.#parts.signal, from, window.room);
    // A rewind during the read wins; what was read will be read again.
    if (comparePositions(window.sent, from) !== 0) return true;
    for (const frame of frames) {
      if (signal.aborted || window.room <= 0) break;
      this.#send(window, frame, positionOf(decodeFrame(frame).header), publish);
    }
    return frames.length > 0;
  }

  /** Some frames of the backlog, if it is time for them. */
  async #sendBacklog(publish: Publish, signal: AbortSignal): Promise<boolean> {
    const { port, signal: lane, pace } = this.#parts;
    const window = this.#backlog;
    if (window.room <= 0) return false;
    const waitMs = pace.waitMs();
    if (waitMs > 0) {
      this.#wakeIn(waitMs, signal);
      return false;
    }
    const from = window.sent;
    const frames = await port.readFrames(lane, from, Math.min(window.room, pace.chunkBytes));
    if (signal.aborted) return false;
    if (comparePositions(window.sent, from) !== 0) return true;
    let bytes = 0;
    for (const frame of frames) {
      const position = positionOf(decodeFrame(frame).header);
      const { epoch } = position;
      if (window.room <= 0 || epoch >= this.#liveEpoch) break;
      // Epochs that were sent ahead once: they are passed over, but what was asked for again within one is not.
      const sent = epoch === window.sent.epoch ? undefined : this.#doneFrom(epoch);
      if (sent !== undefined) {
        window.sent = sent;
        return true;
      }
      this.#send(window, frame, position, publish);
      bytes += frame.length;
    }
    this.#hasBacklog = bytes > 0;
    pace.sent(bytes);
    this.#parts.meters.backlog(lane, bytes);
    return bytes > 0;
  }

  #send(window: SendWindow, frame: Uint8Array, position: Position, publish: Publish): void {
    window.send(frame, position, publish, (failure) => {
      if (failure !== undefined)
        this.#parts.log.debug("publish failed", { ...position, error: messageOf(failure) });
      this.#wakeup.wake();
    });
  }

  /** The backlog's next frame is due then. */
  #wakeIn(waitMs: number, signal: AbortSignal): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    const wait = async (): Promise<void> => {
      await this.#parts.clock.sleep(waitMs, signal);
      this.#isTimed = false;
      this.#wakeup.wake();
    };
    void wait();
  }

  /** Both windows go on behind what is known to be acknowledged. */
  #goBack(): void {
    const live = { epoch: this.#liveEpoch, sequence: 0 };
    this.#live.startAt(this.#doneFrom(this.#liveEpoch) ?? live);
    this.#backlog.startAt(this.#doneFrom(0) ?? { epoch: 0, sequence: 0 });
    this.#hasBacklog = this.#liveEpoch > 0;
  }

  #beginLive(epoch: number): void {
    this.#liveEpoch = epoch;
    this.#goBack();
  }

  /** Up to where everything from the beginning of an epoch on is done, if anything is. */
  #doneFrom(epoch: number): Position | undefined {
    return spanAfter(this.#done, { epoch, sequence: 0 })?.to;
  }
}
