import type { Signal } from "#shared/signals.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { type Damage, type DamageReason, damageReasons } from "./damage.ts";

/** How a damaged block became whole: its copy was fetched again, its file was put back, or the bucket's object was. */
type RepairSource = "fetched" | "restored" | "uploaded";

export type IntegrityMeters = {
  found(reason: DamageReason): void;
  /** All that are damaged now. */
  damaged(damages: readonly Damage[]): void;
  repaired(source: RepairSource): void;
  scrubbed(bytes: number): void;
  /** Unix milliseconds. */
  passEnded(ms: number): void;
};

export const noMeters: IntegrityMeters = {
  found: () => {},
  damaged: () => {},
  repaired: () => {},
  scrubbed: () => {},
  passEnded: () => {},
};

export function integrityMeters(metrics: SelfMetrics, signals: readonly Signal[]): IntegrityMeters {
  const found = metrics.counter(
    "lapwing_store_damaged_blocks_found_total",
    "Blocks whose file was missing, unreadable, or not as the catalog says.",
    ["reason"],
  );
  const damaged = metrics.gauge(
    "lapwing_store_damaged_blocks",
    "Blocks that queries leave out because they are damaged.",
    ["signal", "reason"],
  );
  const items = metrics.gauge(
    "lapwing_store_damaged_items",
    "Samples and records in blocks that queries leave out because they are damaged.",
    ["signal"],
  );
  const repaired = metrics.counter(
    "lapwing_store_repaired_blocks_total",
    "Damaged blocks that became whole again: fetched from the bucket, restored in place, or uploaded from the local cache.",
    ["source"],
  );
  const scrubbed = metrics.counter(
    "lapwing_store_scrubbed_bytes_total",
    "Bytes of blocks whose checksum the scrub compared.",
  );
  const passed = metrics.gauge(
    "lapwing_store_scrub_last_pass_timestamp_seconds",
    "When the scrub last finished a pass over all blocks; 0 before the first.",
  );
  return {
    found: (reason) => found.inc({ reason }),
    damaged(damages) {
      for (const signal of signals) {
        const own = damages.filter(({ block }) => block.signal === signal);
        items.set(
          { signal },
          own.reduce((sum, { block }) => sum + block.items, 0),
        );
        for (const reason of damageReasons)
          damaged.set({ signal, reason }, own.filter((one) => one.reason === reason).length);
      }
    },
    repaired: (source) => repaired.inc({ source }),
    scrubbed: (bytes) => scrubbed.inc(bytes),
    passEnded: (ms) => passed.set(ms / 1_000),
  };
}
