import type { Ingest } from "./ingest/ingest.ts";
import type { BlockStore } from "./blocks/block_store.ts";
import type { Deletion, Store } from "./read/store.ts";
import { Snapshots } from "./tools/snapshots.ts";

/** Operations on stored data for the admin and deletion APIs. What is in memory becomes blocks first, so that it is deleted, or copied, too. */
export function adminActs(store: BlockStore, ingest: Ingest, snapshotsFolder: string) {
  const snapshots = new Snapshots(store.backupTools, snapshotsFolder);
  return {
    admin: {
      delete: async (deletion: Deletion, actor: string) => {
        await ingest.flush();
        return store.delete(deletion, actor);
      },
      cleanTombstones: () => store.maintain(),
      flush: () => ingest.flush(),
      snapshot: async (skipHead: boolean) => {
        if (!skipHead) await ingest.flush();
        return snapshots.take();
      },
    },
    deletions: deletionsOf(store),
  };
}

function deletionsOf(store: Store) {
  return {
    cancel: (id: string, tenant: string, actor: string) => store.cancelDeletion(id, tenant, actor),
    list: (tenant: string) => store.deletionRequests(tenant),
  };
}
