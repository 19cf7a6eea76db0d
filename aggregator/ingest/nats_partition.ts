import type { JetStreamManager, NatsConnection } from "nats";
import { AckPolicy, DeliverPolicy, ReplayPolicy, nanos } from "nats";
import { parseSubject, streamName, type Subject } from "#proto/bus/subjects.ts";
import type { DamagedFrame, Frame } from "#proto/codec/envelope.ts";
import { fromWireSignal, isDamaged, openFrame } from "#proto/codec/envelope.ts";
import { beginTurn, isTurnOver, nextRound } from "#shared/async/turns.ts";
import { unlessAborted } from "#shared/async/unless_aborted.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Signal, Signals } from "#shared/signals.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { NatsPull } from "./nats_pull.ts";
import type { StreamState, StreamsConfig } from "./nats_streams.ts";
import { ensureStream, findStream, stateOf } from "./nats_streams.ts";

export type PartitionPlace = { readonly incarnation: string; readonly sequence: number };

export type PartitionParts = {
  readonly signal: Signal;
  readonly signals: Signals;
  readonly streams: StreamsConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Frames whose header and subject name different lanes. */
  readonly onForged: () => void;
  /** Aborts when the receiver closes: then nothing is waited for any more, not even for room. */
  readonly closing: AbortSignal;
  /** As ReceiverHandlers'. */
  readonly frame: (
    opened: Frame | DamagedFrame,
    place: { readonly partition: string; readonly sequence: number },
  ) => Promise<void> | undefined;
};

const retryMs = 2_000;
/** The server forgets a consumer without pulls for so long. */
const inactiveMs = 60_000;
/** Subjects remembered; all are forgotten when there are more. */
const subjectsMax = 10_000;

/**
 * One stream, read in order from a place. The consumer at the server is thrown away and made again from the place whenever anything
 * is in doubt: it fell silent, skipped a delivery, or the stream is not the one it was.
 */
export class NatsPartition {
  readonly name: string;
  readonly #parts: PartitionParts;
  #place: PartitionPlace | undefined;
  /** Taken apart once: every frame comes with one of a few. */
  readonly #subjects = new Map<string, Subject>();
  #trouble: string | undefined = "not started";

  constructor(resume: PartitionPlace | undefined, parts: PartitionParts) {
    this.#parts = parts;
    this.#place = resume;
    this.name = streamName(parts.signal);
  }

  /** The last message that was handed on and taken; what comes next after a restart. */
  get place(): PartitionPlace | undefined {
    return this.#place;
  }
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Reads over one connection until the signal aborts. */
  async run(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    while (!signal.aborted) {
      try {
        await this.#read(nats, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        const trouble = messageOf(thrown);
        if (trouble !== this.#trouble)
          log.warn("stream could not be read, begun anew", { stream: this.name, error: trouble });
        this.#trouble = trouble;
        await clock.sleep(retryMs, signal);
      }
    }
  }

  async #read(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const { signal: kind, streams, clock } = this.#parts;
    const manager = await nats.jetstreamManager({ checkAPI: false });
    this.#comeTo(await ensureStream(manager, kind, streams));
    const pull = new NatsPull(nats, this.name, await this.#createConsumer(manager), clock);
    this.#trouble = undefined;
    try {
      let delivered = 0;
      while (!signal.aborted) {
        const before = delivered;
        for await (const messages of pull.batch(signal)) {
          beginTurn();
          for (const message of messages) {
            if (isTurnOver()) await nextRound();
            if (message.deliverySequence !== ++delivered)
              throw new OperatingError("unavailable", "a delivery was skipped");
            const work = this.#handOn(message.subject, message.data, message.streamSequence);
            // A promise only where there is something to wait for: at full load frames are thousands a second.
            if (work !== undefined) await work;
            if (signal.aborted) return;
          }
        }
        // In quiet times look whether it is still the same stream: a new one would be waited for in vain.
        if (delivered === before && !signal.aborted) await this.#checkStream(manager);
      }
    } finally {
      pull.close();
    }
  }

  /** Another stream than ours is read from its start; one that lost its end, from there. */
  #comeTo({ incarnation, lastSequence }: StreamState): void {
    const place = this.#place;
    if (place?.incarnation !== incarnation) {
      this.#parts.log.info("stream is read from its start", { stream: this.name, incarnation });
      this.#place = { incarnation, sequence: 0 };
    } else if (lastSequence < place.sequence) {
      this.#parts.log.warn("stream lost its end", { stream: this.name, lastSequence });
      this.#place = { incarnation, sequence: lastSequence };
    }
  }

  async #createConsumer(manager: JetStreamManager): Promise<string> {
    const { name } = await manager.consumers.add(this.name, {
      // We keep the place ourselves, in one transaction with the blocks: acknowledgements would be a second truth.
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: (this.#place?.sequence ?? 0) + 1,
      replay_policy: ReplayPolicy.Instant,
      inactive_threshold: nanos(inactiveMs),
      mem_storage: true,
      num_replicas: 1,
    });
    return name;
  }

  async #checkStream(manager: JetStreamManager): Promise<void> {
    const info = await findStream(manager, this.name);
    if (info === undefined) throw new OperatingError("unavailable", "the stream is gone");
    const { incarnation, lastSequence } = stateOf(info);
    const place = this.#place;
    if (incarnation !== place?.incarnation || lastSequence < place.sequence)
      throw new OperatingError("unavailable", "the stream is another one now");
  }

  #handOn(subject: string, data: Uint8Array, sequence: number): Promise<void> | undefined {
    const opened = openFrame(data);
    if (this.#isForged(subject, opened)) {
      this.#parts.log.warn("frame refused: its header names another lane", { subject });
      this.#parts.onForged();
      return this.#moveTo(sequence);
    }
    const work = this.#parts.frame(opened, { partition: this.name, sequence });
    return work === undefined ? this.#moveTo(sequence) : this.#waitForRoom(work, sequence);
  }

  async #waitForRoom(work: Promise<void>, sequence: number): Promise<void> {
    if (await unlessAborted(work, this.#parts.closing)) this.#moveTo(sequence);
  }

  #moveTo(sequence: number): undefined {
    const place = this.#place;
    if (place !== undefined) this.#place = { incarnation: place.incarnation, sequence };
  }

  /**
   * Permissions are given by subject, so a frame may only speak for the lane that its subject names. A damaged one is for whoever
   * takes it to see and to count.
   */
  #isForged(subject: string, opened: Frame | DamagedFrame): boolean {
    const named = this.#laneNamed(subject);
    if (named === undefined) return true;
    if (isDamaged(opened)) return false;
    const { tenant, agent, signal } = opened.header;
    return (
      tenant !== named.tenant ||
      agent !== named.agent ||
      fromWireSignal(signal, this.#parts.signals) !== named.kind
    );
  }

  #laneNamed(subject: string): Subject | undefined {
    const known = this.#subjects.get(subject);
    if (known !== undefined) return known;
    const named = parseSubject(subject);
    if (this.#subjects.size >= subjectsMax) this.#subjects.clear();
    if (named !== undefined) this.#subjects.set(subject, named);
    return named;
  }
}
