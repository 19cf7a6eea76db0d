// Hot: guarded by `bench ingest`.
import type { CarrierPosition, LaneId, Receiver } from "#proto/bus/agent_port.ts";
import type { DamagedFrame, Frame } from "#proto/codec/envelope.ts";
import { fromWireSignal, isDamaged } from "#proto/codec/envelope.ts";
import type { Heartbeat } from "#proto/gen/v1/control_pb.js";
import { beginTurn, isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Signals } from "#shared/signals.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { RepeatedWarning } from "#shared/runtime/repeated_warning.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { Head } from "../read/head.ts";
import type { Store } from "../read/store.ts";
import type { IngestConfig } from "./config.ts";
import { Flusher } from "./flusher.ts";
import { GapWatch } from "./gap_watch.ts";
import { Garbage } from "#shared/runtime/process/garbage.ts";
import type { FramePlace } from "./held_frames.ts";
import type { Lane } from "./lane.ts";
import { signalsOf } from "./intakes.ts";
import { Lanes } from "./lanes.ts";
import { IngestMeters } from "./meters.ts";
import type { DueData, OwnData } from "../read/own_data.ts";
import { appendOwn, takeOwn } from "./take_own.ts";
import { Quarantine } from "./quarantine.ts";
import { isPlausible, isPlausibleHeader } from "./told_counts.ts";

export type IngestParts = {
  readonly receiver: Receiver;
  readonly head: Head;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly quarantineFolder: string;
  /** Told of every heartbeat, after the lanes have heard it. */
  readonly onHeartbeat: (heartbeat: Heartbeat) => void;
  /** What is made of the data here. */
  readonly own?: OwnData;
  /** Told of every lane that a frame was taken from, with how many items. */
  readonly onTaken?: (lane: LaneId) => void;
};

/**
 * Reads frames in order, takes each once, appends it to the head, and turns the head into blocks. Nothing here is durable but
 * what Store.commit() writes: after a crash the receiver goes on from the committed position, and the agents send again what it
 * no longer has.
 */
export class Ingest {
  readonly lanes: Lanes;
  readonly #parts: IngestParts;
  readonly #signals: Signals;
  readonly #config: IngestConfig;
  readonly #flusher: Flusher;
  readonly #gaps: GapWatch;
  readonly #meters: IngestMeters;
  readonly #quarantine: Quarantine;
  readonly #asides: RepeatedWarning;
  readonly #resume: CarrierPosition;
  readonly #takeOwn: () => void;
  readonly #appendOwn: (tenant: string, data: DueData) => void;
  readonly #garbage = new Garbage();
  readonly #stopped = new AbortController();
  #loops: Promise<void>[] = [];

  /** Reads positions from the store; delivers nothing before start(). */
  static async open(config: IngestConfig, parts: IngestParts): Promise<Ingest> {
    const { lanes, carrier } = await parts.store.recover();
    const folder = parts.quarantineFolder;
    const quarantine = await Quarantine.open(folder, config.quarantine_size_max, parts.log);
    // Lanes of a signal that this version does not take stay in the catalog as they are.
    const signals = signalsOf(parts.head);
    const taken = lanes.filter(({ lane }) => signals.find(lane.signal) !== undefined);
    return new Ingest(config, parts, quarantine, new Lanes(parts.head, taken), carrier);
  }

  private constructor(
    config: IngestConfig,
    parts: IngestParts,
    quarantine: Quarantine,
    lanes: Lanes,
    resume: CarrierPosition,
  ) {
    this.lanes = lanes;
    this.#parts = parts;
    this.#signals = signalsOf(parts.head);
    this.#config = config;
    this.#quarantine = quarantine;
    this.#resume = resume;
    this.#asides = new RepeatedWarning(parts.log, parts.clock, "frames set aside");
    this.#meters = new IngestMeters(parts.metrics, lanes, parts.head);
    const { own, head, clock } = parts;
    const epoch = clock.now();
    const place = { lanes, head, epoch };
    const takeNow = () => {
      if (own !== undefined) takeOwn(own, place, clock.now());
    };
    this.#takeOwn = takeNow;
    this.#appendOwn = (tenant, data) => appendOwn(place, tenant, data, clock.now());
    const meters = this.#meters;
    const garbage = this.#garbage;
    this.#flusher = new Flusher(config, {
      ...parts,
      lanes,
      meters,
      garbage,
      own,
      takeOwn: takeNow,
    });
    this.#gaps = new GapWatch({ ...parts, lanes, gapTimeoutMs: config.gap_timeout });
  }

  async start(): Promise<void> {
    const { signal } = this.#stopped;
    this.#loops = [this.#flusher.run(signal), this.#gaps.run(signal), this.#runOwn(signal)];
    await this.#parts.receiver.start({
      resume: this.#resume,
      committed: this.lanes.committed(),
      frame: (opened, place) => this.#frame(opened, place),
      heartbeat: (heartbeat) => this.#heartbeat(heartbeat),
    });
  }

  /** Writes everything taken so far to blocks. Throws what Store.commit() throws. */
  flush(): Promise<void> {
    return this.#flusher.flush();
  }

  /** Appends samples or records that the aggregator made, and that are not due at a time. They are committed as frames are. */
  append(tenant: string, data: DueData): void {
    this.#appendOwn(tenant, data);
  }

  /** Why blocks can't be written at the moment, or undefined. */
  get trouble(): string | undefined {
    return this.#flusher.trouble;
  }

  /** Stops taking frames, then tries once to write what was taken: what can't be written is sent again later. */
  async stop(): Promise<void> {
    await this.#parts.receiver.close();
    this.#stopped.abort();
    await Promise.all(this.#loops);
    await this.#flusher.flushLast();
  }

  /** A promise only where there is something to wait for: room, or the next turn of the event loop where frames have used up this one. */
  #frame(opened: Frame | DamagedFrame, place: FramePlace | undefined): Promise<void> | undefined {
    beginTurn();
    // Its sequence is missing now, so the agent will be asked for a good copy.
    if (isDamaged(opened)) return this.#setAside(opened.bytes, opened.fault);
    if (!isPlausibleHeader(opened.header)) return this.#setAside(opened.bytes, "counts");
    const { tenant, agent, signal: wireSignal } = opened.header;
    const signal = fromWireSignal(wireSignal, this.#signals);
    if (signal === undefined) return this.#setAside(opened.bytes, "version");
    const lane = this.lanes.get({ tenant, agent, signal });
    const offered = lane.offer(opened, place);
    this.#meters.offered(signal, offered);
    if (offered === "held" || offered === "hold_full") this.#gaps.noticed(lane);
    if (offered === "undecodable") return this.#beginAnew(lane, opened.bytes);
    if (offered === "taken") this.#parts.onTaken?.(lane.id);
    this.#garbage.taken(opened.header.bodySize);
    return this.#room() ?? (isTurnOver() ? nextTurn() : undefined);
  }

  async #beginAnew(lane: Lane, bytes: Uint8Array): Promise<void> {
    await this.#setAside(bytes, "undecodable");
    await this.#parts.receiver.requestNewEpoch(lane.id);
    await this.#room();
  }

  /** When there is room in the head. */
  #room(): Promise<void> | undefined {
    const { bytes: headBytes } = this.#parts.head.size();
    if (headBytes > this.#config.flush_size) this.#flusher.hurry();
    return headBytes > this.#config.head_size_max
      ? this.#flusher.room(this.#stopped.signal)
      : undefined;
  }

  async #setAside(bytes: Uint8Array, fault: string): Promise<void> {
    this.#meters.quarantined(fault);
    this.#asides.warn(() => ({ fault, bytes: bytes.length }));
    await this.#quarantine.add(bytes, fault, this.#parts.clock.now());
  }

  async #runOwn(signal: AbortSignal): Promise<void> {
    const { own, clock } = this.#parts;
    if (own === undefined) return;
    while (!signal.aborted) {
      await clock.sleep(own.intervalMs - (clock.now() % own.intervalMs), signal);
      if (!signal.aborted) this.#takeOwn();
    }
  }

  /** Throws OperatingError, and takes nothing of it, where a count can't be one. */
  #heartbeat(heartbeat: Heartbeat): void {
    if (!heartbeat.lanes.every(isPlausible))
      throw new OperatingError(
        "bad_request",
        `heartbeat of ${heartbeat.agent}: expected counts of 0 to 1e15 items`,
      );
    for (const state of heartbeat.lanes) {
      const signal = fromWireSignal(state.signal, this.#signals);
      if (signal === undefined) continue;
      const lane = this.lanes.get({ tenant: heartbeat.tenant, agent: heartbeat.agent, signal });
      lane.heard(state.itemsTotal, state.drops, state.backlogOldestMs);
      if (state.last !== undefined) this.#gaps.heard(lane, state.last, state.backlogSent);
    }
    this.#parts.onHeartbeat(heartbeat);
  }
}
