import type { StoreConfig } from "../config.ts";

/** How long a tenant's metrics are kept in which form; milliseconds. */
export type TierPlan = {
  readonly rawKeepMs: number;
  /** From fine to coarse, each made from the one before, the first from raw samples. */
  readonly tiers: readonly { readonly bucketMs: number; readonly keepMs: number }[];
};

export function tierPlan({ tiers, retention }: StoreConfig, tenant: string): TierPlan {
  if (!tiers.enabled) return { rawKeepMs: retention.metrics, tiers: [] };
  const { raw, downsampled } = tiers.tenants[tenant] ?? tiers;
  return {
    rawKeepMs: raw,
    tiers: downsampled.map(({ bucket, keep }) => ({
      bucketMs: bucket,
      keepMs: keep ?? retention.metrics,
    })),
  };
}
