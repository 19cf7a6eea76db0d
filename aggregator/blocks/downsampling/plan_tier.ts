import type { TierFloor } from "../../catalog/catalog_writes.ts";
import type { StoreConfig } from "../config.ts";
import type { Expiry, ExpiryMoment } from "../retention/expiry.ts";
import type { Block } from "../../read/store.ts";
import type { TierFloors } from "../tiers/floors.ts";
import { tierPlan, type TierPlan } from "../tiers/plan.ts";
import {
  isIn,
  reaches,
  windowMs as windowLengthMs,
  windowStart,
  windowsOf,
} from "../tiers/windows.ts";

/** A window of a tier to be made, or made again. */
export type TierJob = {
  readonly tenant: string;
  /** Of the tier that is made. */
  readonly bucketMs: number;
  /** The window's start. */
  readonly windowMs: number;
  /** What it is made from: everything of the finer tier in the window, or only what came late when that is no longer there. */
  readonly sources: readonly Block[];
  /** What the tier has of the window already; replaced. */
  readonly previous: readonly Block[];
  /** Whether the sources hold all of the window, so that nothing of `previous` is needed. */
  readonly isWhole: boolean;
};

/** A window is made when its end is this long ago: nearly all late data has come. */
const closedAfterMs = 15 * 60_000;
/** Late data makes a window be made again; not for each block of a sender that catches up. */
const quietMs = 10 * 60_000;
/** But no later than this after the first. */
const patienceMs = 3_600_000;

type IsDamaged = (block: Block) => boolean;
const noneDamaged: IsDamaged = () => false;

/**
 * The next window of a tier to make, fine tiers first, then old windows; undefined when there is none. Damaged blocks are left
 * out: what such a block has in a tier stays there, and once it is repaired, what it lacks there is late data.
 */
export function planTier(
  blocks: readonly Block[],
  floors: TierFloors,
  config: StoreConfig,
  nowMs: number,
  isDamaged = noneDamaged,
): TierJob | undefined {
  for (const [tenant, own] of metricsByTenant(blocks)) {
    let finerMs = 0;
    const { tiers } = tierPlan(config, tenant);
    for (const { bucketMs } of tiers) {
      const isWaiting = finerMs === 0;
      const sources = tierOf(own, finerMs).filter((block) => !isDamaged(block));
      const oldestMs = nowMs - lastKeepMs(tiers);
      for (const windowMs of readyWindows(sources, nowMs, oldestMs, isWaiting)) {
        const job = jobOf(own, { tenant, bucketMs, windowMs, finerMs }, floors, isDamaged);
        // What can't be read of the tier itself must be repaired before it can be replaced.
        if (job.isWhole || !job.previous.some(isDamaged)) return job;
      }
      finerMs = bucketMs;
    }
  }
  return undefined;
}

function jobOf(
  blocks: readonly Block[],
  {
    tenant,
    bucketMs,
    windowMs,
    finerMs,
  }: Pick<TierJob, "tenant" | "bucketMs" | "windowMs"> & {
    finerMs: number;
  },
  floors: TierFloors,
  isDamaged: IsDamaged,
): TierJob {
  const finer = tierOf(blocks, finerMs).filter((block) => reaches(block, windowMs));
  // Of a damaged block the tier may have the only copy left.
  const isLost = finer.some((block) => isDamaged(block) && isIn(block, windowMs));
  const isWhole = floors.of(tenant, finerMs) <= windowMs && !isLost;
  const sources = finer.filter((block) => !isDamaged(block) && (isWhole || !isIn(block, windowMs)));
  // Where the tier itself has been dropped, what it has left is in the next one already.
  const isThere = floors.of(tenant, bucketMs) <= windowMs;
  const previous = tierOf(blocks, bucketMs).filter((block) => isThere && reaches(block, windowMs));
  return { tenant, bucketMs, windowMs, sources, previous, isWhole };
}

/** Windows that are complete and of which something is not in the next tier, the oldest first. */
function readyWindows(
  sources: readonly Block[],
  nowMs: number,
  oldestMs: number,
  isWaiting: boolean,
): number[] {
  const created = new Map<number, { first: number; last: number }>();
  for (const block of sources) {
    for (const windowMs of missingWindows(block, oldestMs)) {
      const { first = Infinity, last = -Infinity } = created.get(windowMs) ?? {};
      created.set(windowMs, {
        first: Math.min(first, block.createdMs),
        last: Math.max(last, block.createdMs),
      });
    }
  }
  const ready = [...created].filter(([windowMs, { first, last }]) => {
    if (windowMs + windowLengthMs + closedAfterMs > nowMs) return false;
    return !isWaiting || last <= nowMs - quietMs || first <= nowMs - patienceMs;
  });
  return ready.map(([windowMs]) => windowMs).toSorted((a, b) => a - b);
}

/**
 * Which blocks of metrics go, and up to where their tiers have been dropped then. A damaged block keeps no other one: what it has that is in
 * no tier yet is late data once it is repaired.
 */
export function expiredMetrics(
  blocks: readonly Block[],
  { floors, config, nowMs, isDamaged }: ExpiryMoment,
): Expiry {
  const removed: Block[] = [];
  const raised: TierFloor[] = [];
  for (const [tenant, own] of metricsByTenant(blocks)) {
    const { rawKeepMs, tiers } = tierPlan(config, tenant);
    const levels = [{ bucketMs: 0, keepMs: rawKeepMs }, ...tiers];
    const oldestMs = nowMs - lastKeepMs(levels);
    const widths = new Set(levels.map(({ bucketMs }) => bucketMs));
    // Past all retention, whatever it is: also tiers that are no longer configured.
    const isOver = ({ bucketMs = 0, maxMs }: Block) =>
      maxMs < (widths.has(bucketMs) ? oldestMs : nowMs - config.retention.metrics);
    removed.push(...own.filter(isOver));
    for (const { bucketMs, keepMs } of levels.slice(0, -1)) {
      const some = tierOf(own, bucketMs).filter((block) => !isOver(block));
      const missing = some.flatMap((block) =>
        isDamaged(block) ? [] : missingWindows(block, oldestMs),
      );
      const floorMs = Math.max(
        floors.of(tenant, bucketMs),
        Math.min(windowStart(nowMs - keepMs), ...missing),
      );
      const gone = some.filter(
        (block) => block.maxMs <= floorMs && missingWindows(block, oldestMs).length === 0,
      );
      if (gone.length === 0) continue;
      removed.push(...gone);
      if (floorMs > floors.of(tenant, bucketMs)) raised.push({ tenant, bucketMs, floorMs });
    }
  }
  return { removed, floors: raised };
}

function lastKeepMs(levels: TierPlan["tiers"]): number {
  return levels.at(-1)?.keepMs ?? 0;
}

/** Windows of which something that the block holds is not in the next tier; what is too old for all tiers left out. */
function missingWindows({ minMs, maxMs, tiered = [] }: Block, oldestMs: number): number[] {
  const windows = windowsOf({ minMs: Math.max(minMs, oldestMs), maxMs });
  return windows.filter((windowMs) => !tiered.includes(windowMs));
}

function tierOf(blocks: readonly Block[], tierMs: number): readonly Block[] {
  return blocks.filter(({ bucketMs = 0 }) => bucketMs === tierMs);
}

function metricsByTenant(blocks: readonly Block[]): Map<string, Block[]> {
  return Map.groupBy(
    blocks.filter(({ signal }) => signal === "metrics"),
    ({ tenant }) => tenant,
  );
}
