import { decodeFrame } from "#proto/codec/envelope.ts";
import type { Drops } from "#shared/model/account.ts";
import { addDrops, sumDrops } from "#shared/model/account.ts";
import type { Signal } from "#shared/signals.ts";
import type { SpoolConfig } from "../spool/config.ts";
import type { Spool } from "../spool/spool.ts";
import type { LaneStatus, SpoolStatus } from "./status.ts";

/** What a lane on the disk is judged by. */
export type LaneFacts = {
  readonly signal: Signal;
  readonly bytes: number;
  /** When the oldest segment was opened, Unix milliseconds; undefined without one. */
  readonly sinceMs: number | undefined;
  /** Items ever put into frames. */
  readonly itemsTotal: number;
  readonly drops: Drops;
  /** Of the first frame that is not known to be committed. */
  readonly waiting: { readonly itemsBefore: number; readonly createdMs: number } | undefined;
  readonly state: string;
  readonly lastError: string;
};

/** A rate of less than a minute would tell of the start alone. */
const spanMinMs = 60_000;

/** The spool of this process. `lost`: what fell out of it uncommitted since the process began. */
export async function spoolStatus(
  spool: Spool,
  config: Pick<SpoolConfig, "size_max" | "age_max">,
  lost: (signal: Signal) => Drops,
  nowMs: number,
): Promise<SpoolStatus> {
  const lanes: LaneFacts[] = [];
  for (const { signal, files, drops, trouble } of spool.lanes) {
    const { state, lastError } = trouble;
    lanes.push({
      signal,
      bytes: files.bytes,
      sinceMs: files.oldest?.epoch,
      itemsTotal: files.synced.itemsTotal,
      drops: addDrops(drops, lost(signal)),
      waiting: await firstWaiting(spool, signal),
      state: state === "ok" && spool.isFull ? "full" : state,
      lastError: state === "ok" ? "" : lastError,
    });
  }
  return spoolStatusOf(lanes, config, nowMs);
}

async function firstWaiting(spool: Spool, signal: Signal): Promise<LaneFacts["waiting"]> {
  // The files themselves: a lane would take it for a reader's.
  const [frame] = await spool.lane(signal).files.read(spool.committedPosition(signal), 1);
  if (frame === undefined) return undefined;
  const { itemsTotal, items, createdMs } = decodeFrame(frame).header;
  return { itemsBefore: itemsTotal - items, createdMs };
}

export function spoolStatusOf(
  lanes: readonly LaneFacts[],
  { size_max: bytesMax, age_max: ageMaxMs }: Pick<SpoolConfig, "size_max" | "age_max">,
  nowMs: number,
): SpoolStatus {
  const bytes = lanes.reduce((sum, lane) => sum + lane.bytes, 0);
  const rates = lanes.flatMap(({ bytes: own, sinceMs }) =>
    sinceMs === undefined || nowMs - sinceMs < spanMinMs ? [] : (1_000 * own) / (nowMs - sinceMs),
  );
  const bytesPerSecond =
    rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0);
  const shown = lanes.map(laneStatusOf);
  const oldestMs = Math.min(...shown.flatMap((lane) => (lane.oldestMs > 0 ? lane.oldestMs : [])));
  const untilOldMs = ageMaxMs - Math.max(0, nowMs - Math.min(oldestMs, nowMs));
  const untilFullMs =
    bytesPerSecond === undefined || bytesPerSecond === 0
      ? undefined
      : (1_000 * Math.max(0, bytesMax - bytes)) / bytesPerSecond;
  return {
    bytes,
    bytesMax,
    ageMaxMs,
    bytesPerSecond: bytesPerSecond ?? null,
    lastsSeconds:
      untilFullMs === undefined
        ? null
        : Math.max(0, Math.round(Math.min(untilFullMs, untilOldMs) / 1_000)),
    lanes: shown,
  };
}

function laneStatusOf(lane: LaneFacts): LaneStatus {
  const { signal, itemsTotal, drops, state, lastError } = lane;
  const waiting = lane.waiting === undefined ? 0 : itemsTotal - lane.waiting.itemsBefore;
  // What fell out of the spool was in frames before, and so is counted with those.
  const { spool_full: full = 0, spool_expired: expired = 0, spool_corrupt: corrupt = 0 } = drops;
  return {
    signal,
    collected: itemsTotal + sumDrops(drops) - full - expired - corrupt,
    waiting: Math.max(0, waiting),
    oldestMs: waiting > 0 ? (lane.waiting?.createdMs ?? 0) : 0,
    dropped: Object.fromEntries(Object.entries(drops).filter(([, items]) => (items ?? 0) > 0)),
    state,
    lastError,
  };
}
