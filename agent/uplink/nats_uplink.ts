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
  Heartbeat,
  ResolutionOrder,
  ResolutionReply,
} from "#proto/gen/v1/control_pb.js";
import { fromWireSignal } from "#proto/codec/envelope.ts";
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
import type { PerSignal, Signal } from "#shared/signals.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { KeyKeeper } from "../enroll/key_keeper.ts";
import { BacklogPace } from "./backlog_pace.ts";
import { UplinkConfig } from "./config.ts";
import type { Updater } from "../update/updater.ts";
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
  /** The defaults where absent. */
  readonly config?: UplinkConfig;
  /** Brings the agent to other releases. */
  readonly updater?: Pick<Updater, "run"> | undefined;
};

const publishTimeoutMs = 5_000;
const lookBackMaxMs = 2_000;
const heartbeatTimeoutMs = 2_000;
/** How long a stop waits for acknowledgements. */
const drainMaxMs = 2_000;
const drainPollMs = 20;
const renewalTimeoutMs = 10_000;
/** The aggregator bounds the rate of all downloads together, and lets their pieces wait. */
const releaseTimeoutMs = 60_000;
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
  #session: AgentSession | undefined;
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
    this.#session = session;
    this.#stopListening = port.onFrames((signal) => session.publishers.of(signal).wake());
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

  /** The aggregator learns that the agent stops on purpose, if it can be reached. */
  async close(): Promise<void> {
    this.#stopListening();
    await this.#session?.sayGoodbye();
    this.#stopped.abort();
    await this.#link?.close();
    await this.#watching;
  }
}

/** What an agent does over a connection; the publishers' places outlive it. */
class AgentSession {
  readonly publishers: PerSignal<LanePublisher>;
  readonly #port: AgentPort;
  readonly #parts: NatsUplinkParts;
  readonly #pace: BacklogPace;
  /** The connection of the moment. */
  #nats: NatsConnection | undefined;
  #isStopping = false;

  constructor(port: AgentPort, parts: NatsUplinkParts, meters: UplinkMeters) {
    const { clock, log, config = UplinkConfig.parse({}) } = parts;
    this.#port = port;
    this.#parts = parts;
    this.#pace = new BacklogPace(clock, config.backlog_rate);
    const shared = { port, clock, log, meters, pace: this.#pace };
    const backlogAfterMs = config.backlog_after;
    this.publishers = port.signals.map(
      (signal) => new LanePublisher({ ...shared, signal, backlogAfterMs }),
    );
  }

  async run(nats: NatsConnection, link: NatsLink, signal: AbortSignal): Promise<void> {
    this.#nats = nats;
    try {
      await this.#run(nats, link, signal);
    } finally {
      this.#nats = undefined;
    }
  }

  async #run(nats: NatsConnection, link: NatsLink, signal: AbortSignal): Promise<void> {
    this.#takeOrders(nats);
    // Before anything is sent, so that an agent that was restarted does not send what is committed.
    await this.#beat(nats);
    // Nor is a backlog sent before it is known to be one; a disk that is slow or full must not keep everything back.
    const looked = new AbortController();
    const { clock } = this.#parts;
    await Promise.race([this.#lookBack(), clock.sleep(lookBackMaxMs, looked.signal)]);
    looked.abort();
    await together(signal, [
      (ended) => this.#keepBeating(nats, ended),
      (ended) => this.#keepKey(nats, link, ended),
      async (ended) => this.#parts.besides?.(nats, this.#port, ended),
      (ended) => this.#keepUpToDate(nats, ended),
      ...this.#port.signals.names.map(
        (lane) => (ended: AbortSignal) => this.#publish(nats, lane, ended),
      ),
    ]);
  }

  /** Sends what is new and a last heartbeat, so that the aggregator does not wait for data. Takes up to 4 s. */
  async sayGoodbye(): Promise<void> {
    const { clock, log } = this.#parts;
    const untilMs = clock.monotonic() + drainMaxMs;
    try {
      while (this.#nats !== undefined && clock.monotonic() < untilMs) {
        const unsent = await Promise.all(this.publishers.all.map((one) => one.hasUnsent()));
        if (!unsent.includes(true)) break;
        await clock.sleep(drainPollMs);
      }
    } catch (thrown) {
      log.warn("what is unsent is not known", { error: messageOf(thrown) });
    }
    this.#isStopping = true;
    if (this.#nats !== undefined) await this.#beat(this.#nats);
  }

  #publish(nats: NatsConnection, lane: Signal, signal: AbortSignal): Promise<void> {
    const { tenant, agent } = this.#port;
    const subject = subjectOf({ tenant, kind: lane, agent });
    const jetstream = nats.jetstream({ timeout: publishTimeoutMs });
    const expect = { streamName: streamName(lane) };
    return this.publishers.of(lane).run(async (frame) => {
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

  async #keepUpToDate(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const subject = subjectOf({ ...this.#port, kind: "release" });
    const ask = (body: string) => nats.request(subject, body, { timeout: releaseTimeoutMs });
    await this.#parts.updater?.run(ask, signal);
  }

  async #keepBeating(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const { clock, heartbeatIntervalMs = heartbeatIntervalDefaultMs } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(heartbeatIntervalMs, signal);
      if (signal.aborted) return;
      await this.#beat(nats);
      void this.#lookBack();
    }
  }

  /** The answer repeats what is committed, for announcements that were missed. An aggregator that is away is no trouble here. */
  async #beat(nats: NatsConnection): Promise<void> {
    const { tenant, agent } = this.#port;
    const subject = subjectOf({ tenant, kind: "heartbeat", agent });
    const beat = toBinary(HeartbeatSchema, this.#heartbeat());
    const { clock } = this.#parts;
    const [sentMs, startedMs] = [clock.now(), clock.monotonic()];
    try {
      const reply = await nats.request(subject, beat, { timeout: heartbeatTimeoutMs });
      const { committed, nowMs, backlogRate } = fromBinary(HeartbeatReplySchema, reply.data);
      // It was answered halfway between, as far as anybody can tell.
      const halfwayMs = sentMs + (clock.monotonic() - startedMs) / 2;
      this.#port.answered?.(nowMs === 0 ? undefined : halfwayMs - nowMs);
      this.#pace.limitTo(backlogRate);
      for (const wire of committed) {
        const lane = fromLanePosition(this.#port.signals, wire);
        if (lane === undefined) continue;
        this.#port.committed(lane.signal, lane.position, lane.ahead);
        this.publishers.of(lane.signal).skip(lane.position, lane.ahead);
      }
    } catch (thrown) {
      this.#parts.log.debug("heartbeat not answered", { error: messageOf(thrown) });
    }
  }

  async #lookBack(): Promise<void> {
    await Promise.all(this.publishers.all.map((publisher) => publisher.lookBack()));
  }

  #heartbeat(): Heartbeat {
    const heartbeat = this.#port.heartbeat();
    heartbeat.stopping = this.#isStopping;
    for (const lane of heartbeat.lanes) {
      const signal = fromWireSignal(lane.signal, this.#port.signals);
      const sent = signal === undefined ? undefined : this.publishers.of(signal).backlogSent;
      if (signal !== undefined && sent !== undefined)
        lane.backlogSent = toLanePosition(this.#port.signals, signal, sent);
    }
    return heartbeat;
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
    const lane = fromLanePosition(this.#port.signals, kind.value);
    if (lane === undefined) return create(ControlReplySchema);
    const { signal, position, ahead } = lane;
    if (kind.case === "committed") this.#port.committed(signal, position, ahead);
    if (kind.case === "newEpoch") await this.#port.newEpoch(signal);
    if (kind.case !== "resend") return create(ControlReplySchema);
    const { next, lostReason = "" } = await this.#port.nextAfter(signal, position);
    if (next !== undefined) this.publishers.of(signal).rewind(position, next);
    return create(ControlReplySchema, {
      ...(next === undefined ? {} : { next: toLanePosition(this.#port.signals, signal, next) }),
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
