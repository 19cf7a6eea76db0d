import { z } from "zod";
import { duration, formatDuration } from "#shared/text/duration.ts";

/** A tier: one row a bucket of time and series. */
const Tier = z.strictObject({
  /** Whole seconds that divide a day; a multiple of the finer tier's. */
  bucket: duration,
  /** How long it is kept; without it as long as `storage.retention.metrics`, which only the last tier may leave out. */
  keep: duration.optional(),
});

const raw = duration.prefault("24h");
const downsampled = z
  .array(Tier)
  .max(8)
  .prefault([{ bucket: "1m", keep: "7d" }, { bucket: "5m" }]);

const TenantTiers = z.strictObject({ raw, downsampled }).superRefine(checkTiers);

/**
 * How metrics become coarser with age. Samples as they came are kept for `raw`, and longer where the first tier does not hold
 * them yet; each tier is made from the one before. `tenants` stands in place of the rest for a tenant by its name.
 */
export const TiersConfig = z
  .strictObject({
    /** Without tiers samples are kept for `storage.retention.metrics`. */
    enabled: z.boolean().default(true),
    raw,
    downsampled,
    tenants: z.record(z.string().min(1), TenantTiers).prefault({}),
  })
  .superRefine(checkTiers);

export type TiersConfig = z.output<typeof TiersConfig>;

type Tiers = Pick<TiersConfig, "raw" | "downsampled">;

function checkTiers(tiers: Tiers, context: z.RefinementCtx): void {
  const fail = (path: (string | number)[], message: string, input: unknown) =>
    context.addIssue({ code: "custom", path, message, input });
  let finerMs = 1_000;
  let finerKeepMs = tiers.raw;
  for (const [i, { bucket, keep }] of tiers.downsampled.entries()) {
    const at = ["downsampled", i];
    const text = formatDuration(bucket);
    if (bucket === 0 || dayMs % bucket !== 0)
      fail([...at, "bucket"], `${text} does not divide a day: expected one that does`, bucket);
    else if (bucket % finerMs !== 0 || (i > 0 && bucket === finerMs))
      fail(
        [...at, "bucket"],
        `${text} is not a multiple of ${formatDuration(finerMs)}, from which it is made`,
        bucket,
      );
    finerMs = Math.max(1_000, bucket);
    if (keep === undefined) {
      if (i < tiers.downsampled.length - 1)
        fail([...at, "keep"], "expected a duration: only the last tier may leave it out", keep);
    } else if (keep < finerKeepMs)
      fail(
        [...at, "keep"],
        `${formatDuration(keep)} is shorter than ${formatDuration(finerKeepMs)}, for which what it is made from is kept`,
        keep,
      );
    finerKeepMs = keep ?? finerKeepMs;
  }
}

const dayMs = 86_400_000;
