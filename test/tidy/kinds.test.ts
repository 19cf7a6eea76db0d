import { expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../..");

/**
 * `source === "logs" ? a : b` over data sources, query languages and signals, in code and in JSX: another kind would compile, and be taken
 * for one of the two.
 */
const ternary = /[!=]==\s*"(?:metrics|logs|traces|promql|logql|sql|prometheus|loki)"\s*\?(?![?.])/g;

test("no branch takes each data source or language for one of two: it looks into a table, or switches and ends with assertNever()", async () => {
  const found: string[] = [];
  const layers = new Set<string>();
  for (const path of new Glob("{agent,aggregator,proto,shared,ui}/**/*.{ts,tsx}").scanSync(root)) {
    if (/\/(?:gen|dist)\/|\.(?:test|fixture)\./.test(path)) continue;
    layers.add(path.slice(0, path.indexOf("/")));
    const text = await Bun.file(join(root, path)).text();
    for (const match of text.matchAll(ternary))
      found.push(`${path}:${text.slice(0, match.index).split("\n").length}`);
  }
  expect([...layers].toSorted()).toEqual(["agent", "aggregator", "proto", "shared", "ui"]);
  expect(found).toEqual([]);
});
test.each([
  ['const Editor = source === "logs" ? LogqlEditor : PromqlEditor;', 1],
  ['{source === "metrics" || source === "logs" ? (\n  <A />\n) : (\n  <B />\n)}', 1],
  ['language !== "promql"\n  ? a\n  : b', 1],
  ['if (source === "logs") return 1;', 0],
  ['source === "logs" && isOld', 0],
])("the pattern finds in %j %i branches", (text, count) => {
  expect([...text.matchAll(ternary)]).toHaveLength(count);
});
