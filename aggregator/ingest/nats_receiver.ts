import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Msg, NatsConnection } from "nats";
import type {
  AgentName,
  CarrierPosition,
  CommittedPosition,
  LaneId,
  NextFrame,
  Receiver,
  ReceiverHandlers,
} from "#proto/bus/agent_port.ts";
import type { NatsConfig } from "#proto/bus/nats_config.ts";
import { NatsLink } from "#proto/bus/nats_link.ts";
import { fromLanePosition, toLanePosition } from "#proto/bus/positions.ts";
import {
  allHeartbeats,
  isInbox,
  parseSubject,
  streamName,
  subjectOf,
} from "#proto/bus/subjects.ts";
import type { ResolutionAnswer, ResolutionOrder } from "#proto/bus/resolution.ts";
import { fromWireReply, toWireOrder } from "#proto/bus/resolution_wire.ts";
import type { Control } from "#proto/gen/v1/control_pb.js";
import {
  ControlReplySchema,
  ControlSchema,
  HeartbeatReplySchema,
  HeartbeatSchema,
} from "#proto/gen/v1/control_pb.js";
import { assert } from "#shared/assert.ts";
import { together } from "#shared/async/together.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { dropReasonOf } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { builtInSignals, type Signals } from "#shared/signals.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { RepeatedWarning } from "#shared/runtime/repeated_warning.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { BacklogShare } from "./backlog_share.ts";
import { CommittedBoard } from "./committed_board.ts";
import type { PartitionParts } from "./nats_partition.ts";
import { NatsPartition } from "./nats_partition.ts";
import type { StreamsConfig } from "./nats_streams.ts";

export type NatsReceiverParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** What outages have left may be sent so fast by all agents, bytes a second; no limit where absent. */
  readonly backlogRate?: number;
  /** Whose streams are read; the built-in ones where absent. */
  readonly signals?: Signals;
};

const requestTimeoutMs = 2_000;
/** An agent answers such an order when what it holds is in its spool, or after 7 s. */
const resolutionTimeoutMs = 9_000;
/** Committed positions are gathered for so long, so that many small flushes make few messages. */
const announceIntervalMs = 1_000;

/** Reads the agents' frames from JetStream, and makes and keeps the streams. */
export function createNatsReceiver(
  config: NatsConfig,
  streams: StreamsConfig,
  parts: NatsReceiverParts,
): Receiver {
  return new NatsReceiver(config, streams, parts);
}

class NatsReceiver implements Receiver {
  readonly #config: NatsConfig;
  readonly #streams: StreamsConfig;
  readonly #parts: NatsReceiverParts;
  readonly #signals: Signals;
  readonly #board = new CommittedBoard();
  readonly #share: BacklogShare | undefined;
  readonly #unread: RepeatedWarning;
  readonly #refused: (kind: "frame" | "heartbeat") => void;
  #handlers: ReceiverHandlers | undefined;
  #partitions: NatsPartition[] = [];
  readonly #closing = new AbortController();
  #link: NatsLink | undefined;
  /** The connection of the moment. */
  #nats: NatsConnection | undefined;

  constructor(config: NatsConfig, streams: StreamsConfig, parts: NatsReceiverParts) {
    this.#config = config;
    this.#streams = streams;
    this.#parts = parts;
    this.#signals = parts.signals ?? builtInSignals;
    this.#unread = new RepeatedWarning(parts.log, parts.clock, "heartbeats refused");
    const { clock, backlogRate } = parts;
    this.#share = backlogRate === undefined ? undefined : new BacklogShare(clock, backlogRate);
    const refused = parts.metrics.counter(
      "lapwing_receiver_refused_messages_total",
      "Messages that speak for another lane than their subject, or that can't be read.",
      ["kind"],
    );
    this.#refused = (kind) => refused.inc({ kind });
  }

  /** Returns at once; delivery begins when NATS can be reached. */
  async start(handlers: ReceiverHandlers): Promise<void> {
    assert(this.#link === undefined, "a receiver is started once");
    const { clock, log } = this.#parts;
    this.#handlers = handlers;
    this.#board.put(handlers.committed);
    const onForged = (): void => this.#refused("frame");
    const shared: Omit<PartitionParts, "signal"> = {
      signals: this.#signals,
      streams: this.#streams,
      clock,
      log,
      onForged,
      closing: this.#closing.signal,
      frame: (opened, place) => handlers.frame(opened, place),
    };
    this.#partitions = this.#signals.names.map(
      (signal) => new NatsPartition(handlers.resume[streamName(signal)], { ...shared, signal }),
    );
    const name = "lapwing aggregator";
    this.#link = new NatsLink(this.#config, { clock, log, name }, (nats, signal) =>
      this.#session(nats, signal),
    );
    this.#link.start();
  }

  announceCommitted(positions: readonly CommittedPosition[]): void {
    this.#board.put(positions);
  }

  async requestResend(lane: LaneId, after: Position): Promise<NextFrame | undefined> {
    const value = toLanePosition(this.#signals, lane.signal, after);
    const reply = await this.#ask(lane, create(ControlSchema, { kind: { case: "resend", value } }));
    if (reply === undefined) return undefined;
    const { next, lostReason } = fromBinary(ControlReplySchema, reply.data);
    const position =
      next === undefined ? undefined : fromLanePosition(this.#signals, next)?.position;
    const reason = dropReasonOf(lostReason);
    return {
      ...(position === undefined ? {} : { next: position }),
      ...(reason === undefined ? {} : { lostReason: reason }),
    };
  }

  async requestNewEpoch(lane: LaneId): Promise<void> {
    const value = toLanePosition(this.#signals, lane.signal, { epoch: 0, sequence: 0 });
    await this.#ask(lane, create(ControlSchema, { kind: { case: "newEpoch", value } }));
  }

  async requestResolution(agent: AgentName, order: ResolutionOrder): Promise<ResolutionAnswer> {
    const kind = { case: "resolution" as const, value: toWireOrder(order) };
    const reply = await this.#ask(agent, create(ControlSchema, { kind }), resolutionTimeoutMs);
    if (reply === undefined)
      throw new OperatingError("timeout", `agent ${agent.agent} does not answer`);
    return fromWireReply(fromBinary(ControlReplySchema, reply.data).resolution);
  }

  /** Before the first connection this is what was resumed from, so that a flush does not forget it. */
  position(): CarrierPosition | undefined {
    const position: Record<string, CarrierPosition[string]> = { ...this.#handlers?.resume };
    for (const { name, place } of this.#partitions) if (place !== undefined) position[name] = place;
    return position;
  }

  status(): { readonly connected: boolean; readonly detail: string } {
    const link = this.#link?.status() ?? { connected: false, detail: "not started" };
    const trouble = this.#partitions.find((partition) => partition.trouble !== undefined);
    if (!link.connected || trouble === undefined) return link;
    return { connected: false, detail: `stream ${trouble.name}: ${trouble.trouble}` };
  }

  /** A frame that waits for room is left waiting, and not counted as taken. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#link?.close();
  }

  async #session(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    this.#nats = nats;
    this.#hearHeartbeats(nats);
    try {
      await together(signal, [
        (ended) => this.#announce(nats, ended),
        ...this.#partitions.map((partition) => (ended: AbortSignal) => partition.run(nats, ended)),
      ]);
    } finally {
      this.#nats = undefined;
    }
  }

  async #announce(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    // What was announced over the last connection may not have arrived; heartbeats bring it again.
    while (!signal.aborted) {
      for (const { lane, position, ahead } of this.#board.takeNews()) {
        const value = toLanePosition(this.#signals, lane.signal, position, ahead);
        const control = create(ControlSchema, { kind: { case: "committed", value } });
        nats.publish(controlSubject(lane), toBinary(ControlSchema, control));
      }
      await this.#parts.clock.sleep(announceIntervalMs, signal);
    }
  }

  #hearHeartbeats(nats: NatsConnection): void {
    nats.subscribe(allHeartbeats, {
      callback: (error, message) => {
        if (error === null) this.#hear(message);
        else this.#parts.log.error("heartbeats not subscribed", { error: messageOf(error) });
      },
    });
  }

  #hear(message: Msg): void {
    const named = parseSubject(message.subject);
    try {
      const beat = fromBinary(HeartbeatSchema, message.data);
      const isOwn = named?.tenant === beat.tenant && named.agent === beat.agent;
      // An answer to another agent's control subject would be taken there for our order.
      if (
        !isOwn ||
        (message.reply !== undefined && message.reply !== "" && !isInbox(message.reply))
      ) {
        this.#refused("heartbeat");
        return;
      }
      this.#handlers?.heartbeat(beat);
      const committed = this.#board
        .of(beat.tenant, beat.agent)
        .map(({ lane, position, ahead }) =>
          toLanePosition(this.#signals, lane.signal, position, ahead),
        );
      const nowMs = this.#parts.clock.now();
      const backlogRate = this.#share?.heard(beat) ?? 0;
      const reply = create(HeartbeatReplySchema, { committed, nowMs, backlogRate });
      message.respond(toBinary(HeartbeatReplySchema, reply));
    } catch (thrown) {
      this.#refused("heartbeat");
      this.#unread.warn(() => ({ error: messageOf(thrown) }));
    }
  }

  /** undefined when no answer comes in time. */
  async #ask(
    lane: AgentName,
    control: Control,
    timeout = requestTimeoutMs,
  ): Promise<Msg | undefined> {
    const nats = this.#nats;
    if (nats === undefined) return undefined;
    try {
      const bytes = toBinary(ControlSchema, control);
      return await nats.request(controlSubject(lane), bytes, { timeout });
    } catch (thrown) {
      this.#parts.log.debug("agent does not answer", { ...lane, error: messageOf(thrown) });
      return undefined;
    }
  }
}

function controlSubject({ tenant, agent }: AgentName): string {
  return subjectOf({ tenant, kind: "control", agent });
}
