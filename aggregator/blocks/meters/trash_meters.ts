import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";

export type TrashMeters = {
  /** Objects without a row that this catalog's processes did not write. */
  foreign(objects: number): void;
  deletionStopped(what: string, isStopped: boolean): void;
  /** What lies in the trash. */
  trash(objects: number, bytes: number): void;
};

export function trashMeters(metrics: SelfMetrics): TrashMeters {
  const foreign = metrics.gauge(
    "lapwing_store_foreign_objects",
    "Objects without a block that another catalog wrote, or an older version: they are left alone.",
  );
  const stopped = metrics.gauge(
    "lapwing_store_deletion_stopped",
    "1 while stored data are not deleted although their time is over, by what stops it.",
    ["reason"],
  );
  const objectCount = metrics.gauge("lapwing_store_trash_objects", "Objects in the trash.");
  const objectBytes = metrics.gauge("lapwing_store_trash_bytes", "Bytes of objects in the trash.");
  return {
    foreign: (objects) => foreign.set({}, objects),
    deletionStopped: (reason, isStopped) => stopped.set({ reason }, isStopped ? 1 : 0),
    trash(objects, bytes) {
      objectCount.set({}, objects);
      objectBytes.set({}, bytes);
    },
  };
}
