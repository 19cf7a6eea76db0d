import { create } from "@bufbuild/protobuf";
import type { AgentPort } from "#proto/bus/agent_port.ts";
import { toWireSignal } from "#proto/codec/envelope.ts";
import type { Heartbeat, LaneState } from "#proto/gen/v1/control_pb.js";
import { HeartbeatSchema, LaneStateSchema } from "#proto/gen/v1/control_pb.js";
import { OperatingError } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Spool } from "../spool/spool.ts";

/** What the rest of the agent adds to a heartbeat. */
export type HeartbeatParts = Pick<
  Heartbeat,
  "name" | "version" | "startedMs" | "facts" | "labels" | "targets" | "sources" | "seriesLimits"
>;

/**
 * The agent as its uplink sees it. `describe` is called for every heartbeat, `answered` for every answer to one, `resolution` for every order to ship
 * finely; without it those are refused.
 */
export function createAgentPort(
  spool: Spool,
  clock: Clock,
  describe: () => HeartbeatParts,
  answered: (clockOffsetMs: number | undefined) => void = () => {},
  resolution: AgentPort["resolution"] = oneResolution,
): AgentPort {
  return {
    tenant: spool.tenant,
    agent: spool.agent,
    signals: spool.signals,
    readFrames: (signal, after, bytesMax) => spool.lane(signal).read(after, bytesMax),
    onFrames: (callback) => spool.onFrames(callback),
    heartbeat: () =>
      create(HeartbeatSchema, {
        ...describe(),
        tenant: spool.tenant,
        agent: spool.agent,
        nowMs: clock.now(),
        lanes: spool.lanes.map((lane) => stateOf(spool, lane)),
      }),
    committed: (signal, position, ahead) => void spool.committed(signal, position, ahead),
    nextAfter: (signal, after) => Promise.resolve(spool.lane(signal).nextAfter(after)),
    answered,
    newEpoch: (signal) => Promise.resolve(spool.lane(signal).newEpoch()),
    resolution,
    liveEpoch: (signal) => spool.lane(signal).files.liveEpoch,
    openAhead: (signal) => spool.lane(signal).openAhead(),
  };
}

function oneResolution(): Promise<never> {
  return Promise.reject(new OperatingError("unavailable", "ships at one resolution only"));
}

/** Counts only what is synced: after a power cut an agent must not know less than it told. */
function stateOf(spool: Spool, lane: ReturnType<Spool["lane"]>): LaneState {
  const signal = toWireSignal(lane.signal, spool.signals);
  const { position, itemsTotal } = lane.files.synced;
  const { state, lastError } = lane.trouble;
  const { backlog } = lane.files;
  return create(LaneStateSchema, {
    signal,
    ...(position.epoch === 0 ? {} : { last: { signal, ...position } }),
    itemsTotal,
    drops: lane.drops,
    spoolBytes: lane.files.bytes,
    spoolBytesMax: spool.bytesMax,
    spoolItems: lane.files.items,
    state: state === "ok" && spool.isFull ? "full" : state,
    lastError,
    backlogBytes: backlog.bytes,
    backlogItems: backlog.items,
    backlogOldestMs: backlog.oldestMs,
  });
}
