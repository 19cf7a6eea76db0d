import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLineMiner } from "#test/support/mining.ts";
import { createHead } from "../../../head/head.ts";
import { cutOf, lines, openTestStore } from "../../../read/store.fixture.ts";
import { createSources } from "../../sources.ts";
import { defaultLogqlLimits, evaluateMetric } from "../evaluate.ts";
import { parseLogql } from "../../../log_pipeline/parse_query.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-metric-blocks-"));
const store = await openTestStore(folder, {});
const texts = ["user 7 is in", "user 123 is in", "user 7 is in", "nothing of that kind é"];
const logs = createLineMiner().mine(lines("a", texts, 1_000));
await store.commit(cutOf({ logs }, 1), () => {});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const { logs: source } = createSources(
  createHead(),
  () => store.view(),
  () => [],
);

async function valuesOf(text: string) {
  const query = parseLogql(text);
  if (query.kind === "log") throw new Error("no metric query");
  const scope = { tenant: "t", source, limits: defaultLogqlLimits };
  const found = await evaluateMetric(query, { startMs: 5_000, endMs: 5_000, stepMs: 0 }, scope);
  if (typeof found === "number") return found;
  return found.map(({ labels, values }) => [Object.values(labels).join(), values[0]]);
}

// A block gives of its lines only what is asked for.
test("bytes of lines are those of the lines, whatever stages stand before", async () => {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const all = [["a", bytes]];
  expect(await valuesOf('sum by (app) (bytes_over_time({app="a"}[10s]))')).toEqual(all);
  expect(await valuesOf('sum by (app) (bytes_rate({app="a"} | app="a" [10s])) * 10')).toEqual(all);
  expect(await valuesOf('sum by (app) (bytes_over_time({app="a"} |= "123" [10s]))')).toEqual([
    ["a", "user 123 is in".length],
  ]);
  expect(
    await valuesOf('sum by (app) (bytes_over_time({app="a"} | line_format "xyz" [10s]))'),
  ).toEqual([["a", 12]]);
});

test("a label made of the line is made of the whole line", async () => {
  const query =
    'sum by (line) (count_over_time({app="a"} | label_format line="{{__line__}}" [10s]))';
  expect(await valuesOf(query)).toContainEqual(["user 7 is in", 2]);
});
