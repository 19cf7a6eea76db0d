import type { DropReason } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import type { Signal, Signals } from "#shared/signals.ts";
import type { Span } from "#shared/model/spans.ts";
import type { DamagedFrame, Frame } from "../codec/envelope.ts";
import type { Heartbeat } from "../gen/v1/control_pb.js";
import type { ResolutionAnswer, ResolutionOrder } from "./resolution.ts";

/**
 * What an agent shows of itself to whatever carries its frames: its lanes, its state, and the orders it takes.
 * The embedded uplink hands this object to the aggregator in the same process; the nats uplink speaks it over the wire.
 */
export type AgentPort = {
  readonly tenant: string;
  /** Subject-safe identity: [0-9a-z-]. */
  readonly agent: string;
  /** Those that it has a lane of. */
  readonly signals: Signals;
  /** Frames after `after`, in order, whole, synced to disk; at most `bytesMax` (but one at least). Empty when there are none. */
  readFrames(signal: Signal, after: Position, bytesMax: number): Promise<Uint8Array[]>;
  /** Calls back whenever a lane has more synced frames. Returns how to stop. */
  onFrames(callback: (signal: Signal) => void): () => void;
  heartbeat(): Heartbeat;
  /** Everything up to `position`, and in spans beyond it, is in committed blocks: the spool may forget it. */
  committed(signal: Signal, position: Position, ahead?: readonly Span[]): void;
  /** The aggregator has answered a heartbeat. `clockOffsetMs`: how far the agent's clock is ahead of its, where it told. */
  answered?(clockOffsetMs: number | undefined): void;
  /** What the spool holds right after `after`, for a resend. */
  nextAfter(signal: Signal, after: Position): Promise<NextFrame>;
  /** Close the lane's epoch and open another. */
  newEpoch(signal: Signal): Promise<void>;
  /** Ship samples as finely as they were collected. Throws OperatingError; "unavailable" where the agent does not collect so. */
  resolution(order: ResolutionOrder): Promise<ResolutionAnswer>;
  /** The newest epoch that an aggregator may take before what lies before it, 0 where there is none. */
  liveEpoch(signal: Signal): number;
  /** Opens such an epoch, so that what is new does not wait for what is left. undefined: it can't be opened now. */
  openAhead(signal: Signal): Promise<number | undefined>;
};

export type NextFrame = {
  /** undefined: the spool has nothing after it. */
  readonly next?: Position;
  /** Set when frames between are gone for good. */
  readonly lostReason?: DropReason;
};

/** Carries an agent's frames until closed. */
export type Uplink = {
  start(port: AgentPort): Promise<void>;
  /** For /-/ready, heartbeats and logs. */
  status(): { readonly connected: boolean; readonly detail: string };
  close(): Promise<void>;
};

/** The aggregator's end of an uplink. */
export type Receiver = {
  /** Starts delivery in order of arrival. Frames may repeat, be damaged, or leave gaps. */
  start(handlers: ReceiverHandlers): Promise<void>;
  /** Tells agents what is committed, and remembers it for agents that ask later. */
  announceCommitted(positions: readonly CommittedPosition[]): void;
  /** Asks an agent for all frames after a position. undefined: the agent can't be reached now. */
  requestResend(lane: LaneId, after: Position): Promise<NextFrame | undefined>;
  requestNewEpoch(lane: LaneId): Promise<void>;
  /** Asks an agent to ship samples finely. Throws OperatingError: as the agent does, or "timeout" where it does not answer. */
  requestResolution(agent: AgentName, order: ResolutionOrder): Promise<ResolutionAnswer>;
  /** Opaque: where to go on after a restart, or undefined when the carrier keeps no position. Committed with the blocks. */
  position(): CarrierPosition | undefined;
  status(): { readonly connected: boolean; readonly detail: string };
  close(): Promise<void>;
};

export type AgentName = { readonly tenant: string; readonly agent: string };
export type LaneId = { readonly tenant: string; readonly agent: string; readonly signal: Signal };
export type CommittedPosition = {
  readonly lane: LaneId;
  readonly position: Position;
  /** What is committed beyond the position, while frames between are still to come. Each begins with an epoch. */
  readonly ahead?: readonly Span[];
};

/** One per partition (stream). `incarnation` changes when the carrier lost everything and began again. */
export type CarrierPosition = Readonly<
  Record<string, { readonly incarnation: string; readonly sequence: number }>
>;

export type ReceiverHandlers = {
  /** Where the carrier may resume; called once before delivery starts. */
  readonly resume: CarrierPosition;
  /** Lane positions that are committed, for agents that ask and for an embedded reader to start from. */
  readonly committed: readonly CommittedPosition[];
  /**
   * One frame, good until the call returns or its promise resolves. `carrier` says where it lay, for resuming. A promise means that
   * ingest has no room or no time for more before it resolves (back-pressure): deliver the next of the same partition only then.
   */
  frame(
    opened: Frame | DamagedFrame,
    carrier?: { readonly partition: string; readonly sequence: number },
  ): Promise<void> | undefined;
  heartbeat(heartbeat: Heartbeat): void;
};
