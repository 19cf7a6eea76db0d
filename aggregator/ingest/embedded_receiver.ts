import type {
  AgentName,
  AgentPort,
  CommittedPosition,
  LaneId,
  NextFrame,
  Receiver,
  ReceiverHandlers,
} from "#proto/bus/agent_port.ts";
import type { ResolutionAnswer, ResolutionOrder } from "#proto/bus/resolution.ts";
import { isDamaged, openFrame, positionOf } from "#proto/codec/envelope.ts";
import { beginTurn, isTurnOver, nextRound } from "#shared/async/turns.ts";
import { Wakeup } from "#shared/async/wakeup.ts";
import { unlessAborted } from "#shared/async/unless_aborted.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Position } from "#shared/model/position.ts";
import type { PerSignal, Signal } from "#shared/signals.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";

export type EmbeddedReceiverParts = {
  readonly clock: Clock;
  readonly log: Logger;
  /** 5 s where absent. */
  readonly heartbeatIntervalMs?: number;
};

const readBytesMax = 1024 * 1024;
const heartbeatIntervalDefaultMs = 5_000;
const retryMs = 1_000;

/** Reads the spool of an agent in the same process: no carrier between, so nothing to keep a position of. */
export function createEmbeddedReceiver(port: AgentPort, parts: EmbeddedReceiverParts): Receiver {
  return new EmbeddedReceiver(port, parts);
}

type Reader = { cursor: Position; readonly wakeup: Wakeup };

class EmbeddedReceiver implements Receiver {
  readonly #port: AgentPort;
  readonly #parts: EmbeddedReceiverParts;
  readonly #readers: PerSignal<Reader>;
  readonly #stopped = new AbortController();
  #loops: Promise<void>[] = [];
  #stopListening: () => void = () => {};
  #trouble: string | undefined;

  constructor(port: AgentPort, parts: EmbeddedReceiverParts) {
    this.#port = port;
    this.#readers = port.signals.map(() => ({ cursor: origin, wakeup: new Wakeup() }));
    this.#parts = parts;
  }

  async start(handlers: ReceiverHandlers): Promise<void> {
    for (const { lane, position, ahead } of handlers.committed) {
      if (!this.#isMyLane(lane)) continue;
      // From the start of the epoch, because the frames after are told against those before.
      this.#readers.of(lane.signal).cursor = { epoch: position.epoch, sequence: 0 };
      this.#port.committed(lane.signal, position, ahead);
    }
    this.#stopListening = this.#port.onFrames((signal) => this.#readers.of(signal).wakeup.wake());
    this.#loops = [
      this.#beat(handlers),
      ...this.#readers.names.map((signal) => this.#deliver(signal, handlers)),
    ];
  }

  announceCommitted(positions: readonly CommittedPosition[]): void {
    for (const { lane, position, ahead } of positions)
      if (this.#isMyLane(lane)) this.#port.committed(lane.signal, position, ahead);
  }

  async requestResend(lane: LaneId, after: Position): Promise<NextFrame | undefined> {
    if (!this.#isMyLane(lane)) return undefined;
    const reader = this.#readers.of(lane.signal);
    if (comparePositions(after, reader.cursor) < 0) reader.cursor = after;
    reader.wakeup.wake();
    return this.#port.nextAfter(lane.signal, after);
  }

  async requestNewEpoch(lane: LaneId): Promise<void> {
    if (this.#isMyLane(lane)) await this.#port.newEpoch(lane.signal);
  }

  async requestResolution(agent: AgentName, order: ResolutionOrder): Promise<ResolutionAnswer> {
    if (!this.#isMine(agent))
      throw new OperatingError("timeout", `agent ${agent.agent} cannot be reached from here`);
    return this.#port.resolution(order);
  }

  position(): undefined {
    return undefined;
  }

  status(): { readonly connected: boolean; readonly detail: string } {
    return { connected: this.#trouble === undefined, detail: this.#trouble ?? "in this process" };
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    this.#stopListening();
    for (const { wakeup } of this.#readers.all) wakeup.wake();
    await Promise.all(this.#loops);
  }

  async #deliver(signal: Signal, handlers: ReceiverHandlers): Promise<void> {
    const { signal: stopped } = this.#stopped;
    const { wakeup } = this.#readers.of(signal);
    while (!stopped.aborted) {
      try {
        const isAny = await this.#deliverOnce(signal, handlers);
        this.#trouble = undefined;
        if (!isAny && !stopped.aborted) await wakeup.wait();
      } catch (thrown) {
        this.#trouble = messageOf(thrown);
        this.#parts.log.error("spool could not be read", { signal, error: this.#trouble });
        await this.#parts.clock.sleep(retryMs, stopped);
      }
    }
  }

  async #deliverOnce(signal: Signal, handlers: ReceiverHandlers): Promise<boolean> {
    const reader = this.#readers.of(signal);
    const frames = await this.#port.readFrames(signal, reader.cursor, readBytesMax);
    beginTurn();
    for (const bytes of frames) {
      if (isTurnOver()) await nextRound();
      if (this.#stopped.signal.aborted) return false;
      const before = reader.cursor;
      const opened = openFrame(bytes);
      const work = handlers.frame(opened);
      // At the end a frame that waits for room is left waiting: closing must not wait for a flush.
      if (work !== undefined && !(await unlessAborted(work, this.#stopped.signal))) return false;
      // Rewound meanwhile: what follows here would leave a gap.
      if (reader.cursor !== before) return true;
      if (isDamaged(opened)) throw new OperatingError("corrupt", "frame in the spool is damaged");
      reader.cursor = positionOf(opened.header);
    }
    return frames.length > 0;
  }

  async #beat(handlers: ReceiverHandlers): Promise<void> {
    const { clock, heartbeatIntervalMs = heartbeatIntervalDefaultMs } = this.#parts;
    while (!this.#stopped.signal.aborted) {
      handlers.heartbeat(this.#port.heartbeat());
      await clock.sleep(heartbeatIntervalMs, this.#stopped.signal);
    }
  }

  #isMine({ tenant, agent }: AgentName): boolean {
    return tenant === this.#port.tenant && agent === this.#port.agent;
  }

  /** A lane of the agent from before, of a signal that it has no more, is not. */
  #isMyLane(lane: LaneId): boolean {
    return this.#isMine(lane) && this.#readers.find(lane.signal) !== undefined;
  }
}
