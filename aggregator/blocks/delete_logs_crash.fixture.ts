import { cutOf, lines, openTestStore } from "../read/store.fixture.ts";

/**
 * Commits cuts for ever, going on where the catalog says, each with "keep k" and "drop k"; every third time all of "drop" so far is deleted,
 * and a line says so once that is done; merges and rewrites now and then. To be killed at any moment.
 */
const [dataDir = ""] = process.argv.slice(2);
const store = await openTestStore(dataDir, {
  delete_after: "0s",
  sweep_after: "0s",
  compaction: { interval: "1d", blocks_max: 3 },
});
const { lanes } = await store.recover();
for (let k = (lanes[0]?.position.sequence ?? 0) + 1; ; k++) {
  const batch = lines("x", [`keep ${k}`, `drop ${k}`], k);
  const logs = { ...batch, timestampsMs: Float64Array.of(k, k) };
  const cut = cutOf({ logs }, k);
  const asLogs = cut.lanes.map((commit) => ({
    ...commit,
    lane: { ...commit.lane, signal: "logs" as const },
  }));
  await store.commit({ ...cut, lanes: asLogs }, () => {});
  if (k % 3 === 0) {
    const lineFilters = [{ op: "|=" as const, values: ["drop"] }];
    const span = { startMs: 0, endMs: k };
    const deletion = {
      signal: "logs",
      tenant: "t",
      selectors: [[]],
      lineFilters,
      ...span,
    } as const;
    await store.delete({ ...deletion, query: '{} |= "drop"' }, "test");
    process.stdout.write(`${k}\n`);
  }
  if (k % 4 === 0) await store.maintain();
}
