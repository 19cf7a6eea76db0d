import { expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../..");

/** `signal === "metrics" ? a : b`, over several lines too: another signal would compile, and be taken for one of the two. */
const ternary = /signal\s*[!=]==\s*"(?:metrics|logs|traces)"\s*\?(?![?.])/g;

test("no branch takes each signal for one of two: it looks into a table, or switches and ends with assertNever()", async () => {
  const found: string[] = [];
  let files = 0;
  for (const path of new Glob("{agent,aggregator,proto,shared,ui}/**/*.{ts,tsx}").scanSync(root)) {
    if (/\/(?:gen|dist)\/|\.(?:test|fixture)\./.test(path)) continue;
    files++;
    const text = await Bun.file(join(root, path)).text();
    for (const match of text.matchAll(ternary))
      found.push(`${path}:${text.slice(0, match.index).split("\n").length}`);
  }
  expect(files).toBeGreaterThan(1_000);
  expect(found).toEqual([]);
});
test.each([
  ['const a = signal === "logs" ? 1 : 2;', 1],
  ['block.signal !== "metrics"\n  ? a\n  : b', 1],
  ['if (signal === "logs") return 1;', 0],
  ['signal === "logs" && isOld', 0],
])("the pattern finds in %j %i branches", (text, count) => {
  expect([...text.matchAll(ternary)]).toHaveLength(count);
});
