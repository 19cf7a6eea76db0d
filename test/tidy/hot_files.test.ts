import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../..");
const benchmarks = new Set(
  readdirSync(join(root, "test/bench"))
    .filter((file) => /^[a-z_]+\.ts$/.test(file) && file !== "run.ts")
    .map((file) => file.slice(0, -3)),
);
/** Folders whose work grows with each sample or line: some file of each is hot. */
const hotFolders = [
  "agent/collect/scrape",
  "agent/pipeline/mining",
  "aggregator/head/samples",
  "aggregator/ingest",
  "aggregator/log_pipeline",
  "aggregator/query/promql",
  "aggregator/blocks",
  "proto/codec",
  "shared/text/exposition",
];

const marked = new Map<string, string>();
for (const file of new Glob("{agent,aggregator,proto,shared,ui}/**/*.{ts,tsx}").scanSync(root)) {
  if (file.includes("/dist/") || file.includes("/gen/")) continue;
  const [first = ""] = (await Bun.file(join(root, file)).text()).split("\n", 1);
  if (/^\/\/.*\bhot\b/i.test(first)) marked.set(file, first);
}

test("the first line of a hot file names benchmarks that exist: // Hot: guarded by `bench NAME`.", () => {
  const wrong = [...marked].filter(([, line]) => {
    const [, list] = /^\/\/ Hot: guarded by ((?:`bench \w+`(?:, )?)+)\.$/.exec(line) ?? [];
    const names = [...(list ?? "").matchAll(/`bench (\w+)`/g)].map(([, name = ""]) => name);
    return names.length === 0 || !names.every((name) => benchmarks.has(name));
  });
  expect(wrong).toEqual([]);
});

test("folders whose work grows with each sample or line have files that are marked hot", () => {
  const files = [...marked.keys()];
  const bare = hotFolders.filter((folder) => !files.some((file) => file.startsWith(`${folder}/`)));
  expect(bare).toEqual([]);
});
