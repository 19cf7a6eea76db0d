import type { Ingest } from "./ingest/ingest.ts";
import type { BlockStore } from "./blocks/block_store.ts";
import type { Deletion, Store } from "./read/store.ts";
import { Snapshots } from "./tools/snapshots.ts";

/** Operations on stored data for the admin and deletion APIs. */
export function adminActs(store: BlockStore, ingest: Ingest, snapshotsFolder: string) {
  const snapshots = new Snapshots(store.backupTools, snapshotsFolder);
  return { admin: adminOf(store, ingest, snapshots), logDeletions: logDeletionsOf(store, ingest) };
}

/** What is in memory becomes blocks first, so that it is deleted, or copied, too. */
function adminOf(store: Store, ingest: Ingest, snapshots: Snapshots) {
  return {
    deleteSeries: async (deletion: Deletion, actor: string) => {
      await ingest.flush();
      await store.deleteSeries(deletion, actor);
    },
    cleanTombstones: () => store.maintain(),
    flush: () => ingest.flush(),
    snapshot: async (skipHead: boolean) => {
      if (!skipHead) await ingest.flush();
      return snapshots.take();
    },
  };
}

/** What is in memory becomes blocks first, so that it is deleted too. */
function logDeletionsOf(store: Store, ingest: Ingest) {
  return {
    deleteLogs: async (deletion: Deletion, query: string, actor: string) => {
      await ingest.flush();
      await store.deleteLogs(deletion, query, actor);
    },
    cancel: (id: string, tenant: string, actor: string) =>
      store.cancelLogDeletion(id, tenant, actor),
    list: (tenant: string) => store.logDeletions(tenant),
  };
}
