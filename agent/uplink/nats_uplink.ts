import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Msg, NatsConnection } from "nats";
import type { AgentPort, Uplink } from "#proto/bus/agent_port.ts";
import type { NatsConfig } from "#proto/bus/nats_config.ts";
import { NatsLink } from "#proto/bus/nats_link.ts";
import { fromLanePosition, toLanePosition } from "#proto/bus/positions.ts";
import { inboxPrefixOf, streamName, subjectOf } from "#proto/bus/subjects.ts";
import { fromWireOrder, toWireAnswer, toWireRefusal } from "#proto/bus/resolution_wire.ts";
import type {
  Control,
  ControlReply,
  ResolutionOrder,
  ResolutionReply,
} from "#proto/gen/v1/control_pb.js";
import {
  ControlReplySchema,
  ControlSchema,
  HeartbeatReplySchema,
  HeartbeatSchema,
} from "#proto/gen/v1/control_pb.js";
import { together } from "#shared/async/together.ts";
import { assert } from "#shared/assert.ts";
import { RenewalAnswer, type RenewalRequest } from "#proto/fleet/renewal.ts";
import { messageOf } from "#shared/errors.ts";
import type { Signal } from "#shared/model/position.ts";
import { signals } from "#shared/model/position.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { KeyKeeper } from "../enroll/key_keeper.ts";
import { LanePublisher } from "./lane_publisher.ts";
import type { UplinkMeters } from "./meters.ts";
import { createUplinkMeters } from "./meters.ts";

export type NatsUplinkParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** 5 s where absent. */
  readonly heartbeatIntervalMs?: number;
  /** Exchanges the credentials that it connects with; absent where they are a person's matter. */
  readonly keeper?: Pick<KeyKeeper, "run" | "watch" | "demand"> | undefined;
  /** What is done over each connection besides, until it ends; it throws nothing. */
  readonly besides?: (nats: NatsConnection, port: AgentPort, signal: AbortSignal) => Promise<void>;
};

const publishTimeoutMs = 5_000;
const heartbeatTimeoutMs = 2_000;
const renewalTimeoutMs = 10_000;
const heartbeatIntervalDefaultMs = 5_000;

/** Carries frames over NATS JetStream. What JetStream forgets is sent again: the spool is the durable copy, not the stream. */
export function createNatsUplink(config: NatsConfig, parts: NatsUplinkParts): Uplink {
  return new NatsUplink(config, parts);
}

class NatsUplink implements Uplink {
  readonly #config: NatsConfig;
  readonly #parts: NatsUplinkParts;
  readonly #meters: UplinkMeters;
  readonly #stopped = new AbortController();
  #link: NatsLink | undefined;
  #stopListening: () => void = () => {};
  #watching: Promise<void> = Promise.resolve();

  constructor(config: NatsConfig, parts: NatsUplinkParts) {
    this.#config = config;
    this.#parts = parts;
    this.#meters = createUplinkMeters(parts.metrics, () => this.status().connected);
  }

  /** Throws OperatingError("bad_request") when tenant or agent can't be part of a subject. */
  async start(port: AgentPort): Promise<void> {
    assert(this.#link === undefined, "an uplink is started once");
    // Refused here, at the start, and not at the first message.
    subjectOf({ tenant: port.tenant, kind: "control", agent: port.agent });
    const session = new AgentSession(port, this.#parts, this.#meters);
    this.#stopListening = port.onFrames((signal) => session.publishers[signal].wake());
    const name = `lapwing agent ${port.tenant}/${port.agent}`;
    const inboxPrefix = inboxPrefixOf(port);
    const link = new NatsLink(this.#config, { ...this.#parts, name, inboxPrefix }, (nats, signal) =>
      session.run(nats, link, signal),
    );
    this.#link = link;
    link.start();
    const { keeper } = this.#parts;
    if (keeper !== undefined)
      this.#watching = keeper.watch(() => link.status(), this.#stopped.signal);
  }

  status(): { readonly connected: boolean; readonly detail: string } {
    return this.#link?.status() ?? { connected: false, detail: "not started" };
  }

  async close(): Promise<void> {
    this.#stopListening();
    this.#stopped.abort();
    await this.#link?.close();
    await this.#watching;
  }
}

/** What an agent does over a connection; the publishers' places outlive it. */
class AgentSession {
  readonly publishers: Readonly<Record<Signal, LanePublisher>>;
  readonly #port: AgentPort;
  readonly #parts: NatsUplinkParts;

  constructor(port: AgentPort, parts: NatsUplinkParts, meters: UplinkMeters) {
    const { clock, log } = parts;
    this.#port = port;
    this.#parts = parts;
    this.publishers = {
      metrics: new LanePublisher({ port, signal: "metrics", clock, log, meters }),
      logs: new LanePublisher({ port, signal: "logs", clock, log, meters }),
    };
  }

  async run(nats: NatsConnection, link: NatsLink, signal: AbortSignal): Promise<void> {
    this.#takeOrders(nats);
    // Before anything is sent, so that an agent that was restarted does not send what is committed.
    await this.#beat(nats);
    await together(signal, [
      (ended) => this.#keepBeating(nats, ended),
      (ended) => this.#keepKey(nats, link, ended),
      async (ended) => this.#parts.besides?.(nats, this.#port, ended),
      ...signals.map((lane) => (ended: AbortSignal) => this.#publish(nats, lane, ended)),
    ]);
  }

  #publish(nats: NatsConnection, lane: Signal, signal: AbortSignal): Promise<void> {
    const { tenant, agent } = this.#port;
    const subject = subjectOf({ tenant, kind: lane, agent });
    const jetstream = nats.jetstream({ timeout: publishTimeoutMs });
    const expect = { streamName: streamName(lane) };
    return this.publishers[lane].run(async (frame) => {
      await jetstream.publish(subject, frame, { expect });
    }, signal);
  }

  async #keepKey(nats: NatsConnection, link: NatsLink, signal: AbortSignal): Promise<void> {
    const subject = subjectOf({ ...this.#port, kind: "renew" });
    const session = {
      ask: async (request: RenewalRequest) => {
        const body = JSON.stringify(request);
        const reply = await nats.request(subject, body, { timeout: renewalTimeoutMs });
        return RenewalAnswer.parse(reply.json());
      },
      tryOut: (credentials: string) => link.tryOut(credentials),
      reconnect: () => link.reconnect(),
    };
    await this.#parts.keeper?.run(session, signal);
  }

  async #keepBeating(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const { clock, heartbeatIntervalMs = heartbeatIntervalDefaultMs } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(heartbeatIntervalMs, signal);
      if (!signal.aborted) await this.#beat(nats);
    }
  }

  /** The answer repeats what is committed, for announcements that were missed. An aggregator that is away is no trouble here. */
  async #beat(nats: NatsConnection): Promise<void> {
    const { tenant, agent } = this.#port;
    const subject = subjectOf({ tenant, kind: "heartbeat", agent });
    const beat = toBinary(HeartbeatSchema, this.#port.heartbeat());
    const { clock } = this.#parts;
    const [sentMs, startedMs] = [clock.now(), clock.monotonic()];
    try {
      const reply = await nats.request(subject, beat, { timeout: heartbeatTimeoutMs });
      const { committed, nowMs } = fromBinary(HeartbeatReplySchema, reply.data);
      // It was answered halfway between, as far as anybody can tell.
      const halfwayMs = sentMs + (clock.monotonic() - startedMs) / 2;
      this.#port.answered?.(nowMs === 0 ? undefined : halfwayMs - nowMs);
      for (const wire of committed) {
        const lane = fromLanePosition(wire);
        if (lane === undefined) continue;
        this.#port.committed(lane.signal, lane.position);
        this.publishers[lane.signal].skipTo(lane.position);
      }
    } catch (thrown) {
      this.#parts.log.debug("heartbeat not answered", { error: messageOf(thrown) });
    }
  }

  #takeOrders(nats: NatsConnection): void {
    const { tenant, agent } = this.#port;
    nats.subscribe(subjectOf({ tenant, kind: "control", agent }), {
      callback: (error, message) => {
        if (error === null) void this.#obey(message);
        else this.#parts.log.error("control not subscribed", { error: messageOf(error) });
      },
    });
  }

  async #obey(message: Msg): Promise<void> {
    try {
      const reply = await this.#carryOut(fromBinary(ControlSchema, message.data));
      message.respond(toBinary(ControlReplySchema, reply));
    } catch (thrown) {
      this.#parts.log.warn("order not carried out", { error: messageOf(thrown) });
    }
  }

  async #carryOut({ kind }: Control): Promise<ControlReply> {
    if (kind.case === "resolution") {
      const resolution = await this.#shipFinely(kind.value);
      return create(ControlReplySchema, { resolution });
    }
    if (kind.case === "renewCredentials") this.#parts.keeper?.demand();
    if (kind.case === undefined || kind.case === "renewCredentials")
      return create(ControlReplySchema);
    const lane = fromLanePosition(kind.value);
    if (lane === undefined) return create(ControlReplySchema);
    const { signal, position } = lane;
    if (kind.case === "committed") this.#port.committed(signal, position);
    if (kind.case === "newEpoch") await this.#port.newEpoch(signal);
    if (kind.case !== "resend") return create(ControlReplySchema);
    const { next, lostReason = "" } = await this.#port.nextAfter(signal, position);
    this.publishers[signal].rewind(position);
    return create(ControlReplySchema, {
      ...(next === undefined ? {} : { next: toLanePosition(signal, next) }),
      lostReason,
    });
  }

  /** What is wrong with the order, or the agent, is the answer. */
  async #shipFinely(order: ResolutionOrder): Promise<ResolutionReply> {
    try {
      return toWireAnswer(await this.#port.resolution(fromWireOrder(order)));
    } catch (thrown) {
      return toWireRefusal(thrown);
    }
  }
}
