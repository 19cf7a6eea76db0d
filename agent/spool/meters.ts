import type { DropReason } from "#shared/model/account.ts";
import type { Signal } from "#shared/signals.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";

/** Our own metrics of the spool. */
export type SpoolMeters = {
  written(signal: Signal, frames: number, items: number, bytes: number): void;
  dropped(signal: Signal, reason: DropReason, items: number): void;
  writeFailed(signal: Signal): void;
  corrupt(signal: Signal, segments: number): void;
  synced(seconds: number): void;
  /** Called before every exposition. */
  onCollect(read: (set: (signal: Signal, bytes: number, segments: number) => void) => void): void;
};

export function createSpoolMeters(metrics: SelfMetrics): SpoolMeters {
  const bySignal = ["signal"] as const;
  const counter = (name: string, help: string) =>
    metrics.counter(`lapwing_spool_${name}_total`, help, bySignal);
  const frames = counter("frames", "Frames written to the spool.");
  const items = counter("items", "Items written to the spool.");
  const bytes = counter("written_bytes", "Bytes written to the spool.");
  const failures = counter("write_failures", "Writes that the disk refused.");
  const corrupt = counter("corrupt_segments", "Segments that were found damaged and cut.");
  const drops = metrics.counter(
    "lapwing_spool_dropped_items_total",
    "Items that will not reach the aggregator, by reason.",
    ["signal", "reason"],
  );
  const sync = metrics.histogram(
    "lapwing_spool_sync_seconds",
    "Time that the disk took to sync.",
    [0.001, 0.005, 0.025, 0.1, 0.5, 2.5],
  );
  const held = metrics.gauge("lapwing_spool_bytes", "Size of the segments held.", bySignal);
  const count = metrics.gauge("lapwing_spool_segments", "Segments held.", bySignal);
  return {
    written: (signal, frameCount, itemCount, byteCount) => {
      frames.inc({ signal }, frameCount);
      items.inc({ signal }, itemCount);
      bytes.inc({ signal }, byteCount);
    },
    dropped: (signal, reason, dropped) => drops.inc({ signal, reason }, dropped),
    writeFailed: (signal) => failures.inc({ signal }),
    corrupt: (signal, segments) => corrupt.inc({ signal }, segments),
    synced: (seconds) => sync.observe(seconds),
    onCollect: (read) =>
      metrics.onCollect(() =>
        read((signal, byteCount, segments) => {
          held.set({ signal }, byteCount);
          count.set({ signal }, segments);
        }),
      ),
  };
}
