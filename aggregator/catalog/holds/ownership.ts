import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { type Hold, holdCatalog } from "./catalog_hold.ts";
import { holdFolder } from "./folder_hold.ts";
import { OwnerLease } from "./owner_lease.ts";
import { thisProcess } from "#shared/runtime/process/process_identity.ts";

/** What makes this process the only one that works on a catalog and a data directory. */
export type Ownership = {
  readonly lease: OwnerLease;
  release(): Promise<void>;
};

/** Milliseconds: how long a lease lasts without a renewal, and how often it is renewed. */
export type LeaseTimes = { readonly lease: number; readonly renew_interval: number };

type OwnershipParts = {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** Called once, when this process is no longer the owner. */
  readonly onLost?: (reason: string) => void;
};

/** Data directory, catalog, lease, in this order. Throws OperatingError "unavailable" with the name of the process that has one of them. */
export async function takeOwnership(
  url: string,
  { lease: leaseMs, renew_interval: renewMs }: LeaseTimes,
  { dataDir, clock, log, metrics, onLost = () => {} }: OwnershipParts,
): Promise<Ownership> {
  const self = thisProcess(dataDir, clock.now());
  const holds: Hold[] = [];
  const release = async () => {
    for (const hold of holds.toReversed()) await hold.release();
  };
  try {
    holds.push(await holdFolder(dataDir, self));
    holds.push(await holdCatalog(url, "owner", self));
    const parts = { self, leaseMs, renewMs, clock, log, onLost };
    const lease = await OwnerLease.acquire(url, parts);
    metrics
      .gauge("lapwing_store_owner_epoch", "Epoch of this process as owner of the catalog.")
      .set({}, lease.epoch);
    holds.push(lease);
    return { lease, release };
  } catch (thrown) {
    await release();
    throw thrown;
  }
}
