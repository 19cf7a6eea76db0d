import { gauge, cutOf, lines, openTestStore } from "../read/store.fixture.ts";

/**
 * Commits numbered cuts for ever, going on where the catalog says, merging now and then: to be killed at any moment. Cut k has sample k of
 * the series "n" and the record "line k". Prints a line a commit, so that the test knows that it runs.
 */
const [dataDir = ""] = process.argv.slice(2);
const store = await openTestStore(dataDir, { delete_after: "0s", sweep_after: "0s" });
const { lanes } = await store.recover();
for (let k = (lanes[0]?.position.sequence ?? 0) + 1; ; k++) {
  const content = { metrics: [gauge("n", [k], [k])], logs: lines("n", [`line ${k}`], k) };
  await store.commit(cutOf(content, k), () => {});
  if (k % 7 === 0) await store.maintain();
  process.stdout.write(`${k}\n`);
}
