import { StoreConfig } from "./config.ts";
import { laneCut } from "./lane_cut.fixture.ts";
import { rebuildCatalog } from "../tools/rebuild_catalog.ts";
import { withStorage } from "../tools/storage_tools.ts";
import { gauge, openTestStore } from "../read/store.fixture.ts";

/**
 * To be killed at any moment. "rebuild": fills the catalog. "delete": commits cuts for ever, going on where the catalog says; cut k
 * has sample k of "kept" and of "gone", and record "line k". Every third time all of "gone" so far is deleted, and a
 * line says so once that is done; merges and rewrites now and then.
 */
const [task, dataDir = ""] = process.argv.slice(2);
if (task === "rebuild") {
  process.stdout.write("begins\n");
  await withStorage(StoreConfig.parse({}), dataDir, "write", rebuildCatalog);
} else {
  const store = await openTestStore(dataDir, { delete_after: "0s", sweep_after: "0s" });
  const { lanes } = await store.recover();
  const last = (signal: string) =>
    lanes.find(({ lane }) => lane.signal === signal)?.position.sequence ?? 0;
  for (let k = Math.min(last("metrics"), last("logs")) + 1; ; k++) {
    const cut = laneCut(k, [gauge("kept", [k], [k]), gauge("gone", [k], [k])]);
    // As ingest does: frames that are in blocks already are dropped, lane by lane.
    const wanted = cut.lanes.filter(({ lane }) => k > last(lane.signal));
    const has = (signal: string) => wanted.some(({ lane }) => lane.signal === signal);
    const metrics = has("metrics") ? cut.content.metrics : new Map<string, never>();
    const logs = has("logs") ? cut.content.logs : new Map<string, never>();
    const content = { ...cut.content, metrics, logs };
    await store.commit({ ...cut, lanes: wanted, content }, () => {});
    if (k % 3 === 0) {
      const selectors = [[{ name: "__name__", op: "=" as const, value: "gone" }]];
      await store.delete(
        { signal: "metrics", tenant: "t", selectors, query: "gone", startMs: 0, endMs: k },
        "test",
      );
      process.stdout.write(`${k}\n`);
    }
    if (k % 5 === 0) await store.maintain();
  }
}
