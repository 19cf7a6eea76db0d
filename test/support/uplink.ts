import type { HeartbeatParts } from "#agent/uplink/port.ts";
import { createAgentPort } from "#agent/uplink/port.ts";
import type { AgentPort, ReceiverHandlers } from "#proto/bus/agent_port.ts";
import type { Frame } from "#proto/codec/envelope.ts";
import { decodeFrame, fromWireSignal } from "#proto/codec/envelope.ts";
import type { Heartbeat } from "#proto/gen/v1/control_pb.js";
import { Wakeup } from "#shared/async/wakeup.ts";
import type { Position } from "#shared/model/position.ts";
import { builtInSignals, type Signal } from "#shared/signals.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import type { TestSpool } from "./spool.ts";
import { textOf } from "./spool.ts";

const waitMaxMs = 30_000;

/** Takes frames as ingest does: in order, each once, and remembers everything that was delivered. */
export class FrameSink {
  readonly delivered: Frame[] = [];
  readonly heartbeats: Heartbeat[] = [];
  readonly #taken = builtInSignals.map((): Frame[] => []);
  #held: Frame[] = [];
  #gate: Promise<void> = Promise.resolve();
  readonly #wakeup = new Wakeup();

  handlers(from: Partial<ReceiverHandlers> = {}): ReceiverHandlers {
    return {
      resume: {},
      committed: [],
      frame: (opened) => {
        this.delivered.push(decodeFrame(opened.bytes.slice()));
        this.#take();
        this.#wakeup.wake();
        return this.#gate;
      },
      heartbeat: (heartbeat) => {
        this.heartbeats.push(heartbeat);
        this.#wakeup.wake();
      },
      ...from,
    };
  }

  /** Until the returned function is called, ingest has no room. */
  shut(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  taken(signal: Signal): readonly Frame[] {
    return this.#taken.of(signal);
  }

  last(signal: Signal): Position {
    const header = this.#taken.of(signal).at(-1)?.header;
    return header === undefined ? origin : { epoch: header.epoch, sequence: header.sequence };
  }

  lines(): string[] {
    return this.#taken
      .of("logs")
      .filter(({ header }) => header.items > 0)
      .map((frame) => textOf(frame));
  }

  /** Looks whenever a frame or a heartbeat has come, and a few times a second. */
  async until(isDone: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + waitMaxMs;
    const timer = setInterval(() => this.#wakeup.wake(), 50);
    try {
      while (!isDone()) {
        if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
        await this.#wakeup.wait();
      }
    } finally {
      clearInterval(timer);
    }
  }

  #take(): void {
    const newest = this.delivered.at(-1);
    if (newest !== undefined) this.#held.push(newest);
    for (let isAny = true; isAny;) {
      isAny = false;
      for (const frame of this.#held.splice(0)) {
        const signal = fromWireSignal(frame.header.signal) ?? "metrics";
        const last = this.last(signal);
        if (comparePositions(frame.header, last) <= 0) continue;
        const before = {
          epoch: frame.header.previousEpoch,
          sequence: frame.header.previousSequence,
        };
        const follows =
          (frame.header.epoch === last.epoch && frame.header.sequence === last.sequence + 1) ||
          (frame.header.sequence === 1 && comparePositions(before, last) <= 0);
        if (!follows) this.#held.push(frame);
        else {
          this.#taken.of(signal).push(frame);
          isAny = true;
        }
      }
    }
  }
}

export const nothing: HeartbeatParts = {
  name: "web-1",
  version: "0.0.0",
  startedMs: 0,
  facts: {},
  labels: {},
  targets: [],
  sources: [],
  seriesLimits: [],
};

export function portOf({ spool }: TestSpool): AgentPort {
  return createAgentPort(spool, systemClock, () => nothing);
}
