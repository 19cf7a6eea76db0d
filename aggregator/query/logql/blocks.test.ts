import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLineMiner } from "#test/support/mining.ts";
import { createHead } from "../../head/head.ts";
import { cutOf, openTestStore } from "../../read/store.fixture.ts";
import { sliceOf } from "../../read/record_slices.ts";
import type { LogsSource } from "../../read/source.ts";
import { createSources } from "../sources.ts";
import { evaluateMetric, selectRecords } from "./evaluate.ts";
import { parseLogql } from "../../log_pipeline/parse_query.ts";
import { type Given, scopeOf, sourceOf } from "./records.fixture.ts";

let state = 9;
const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
const pick = (texts: readonly string[]) => texts[random(texts.length)] ?? "";
const keys = ["path", "out-come", "num", "n_1", "app", "trace", "7up", "dur", "é"];
const texts = ["/cart", "a b", String.raw`\u002fcart`, "x|y", "é", "5", "fail", "1.5s", "", "q7"];
const moreTexts = [
  String.raw`x\u002f7`,
  String.raw`7\\`,
  "a7é",
  String.raw`a\"7`,
  String.raw`c:\\7`,
  "{7}",
  "[7]",
  "7,8",
  "7:8",
  "\u0001 7",
];
const text = () => (random(4) === 0 ? pick(moreTexts) : pick(texts));
const number = () => pick(["7", "-7.5e3", "0x1F", "true", "null", "7m", "x7", "7 8", "7}", ""]);
const key = () => (random(20) === 0 ? `k${random(99)}` : pick(keys));

/** Of few shapes, so that many lines share a template. */
const shapes: readonly (() => string)[] = [
  () => `{"path":"${text()}","num":${random(99)},"dur":"${random(9)}.${random(99)}ms"}`,
  () => `{"path": "/cart", "in": {"path":"${text()}", "num" : ${number()}}, "num":${random(99)}}`,
  () => `{"a":[${random(9)},"x7"],"path":"/x${random(99)}","trace":"${text()}","dur":"7s"} 7`,
  () => `{"${key()}":"${text()}","${key()}":{"${key()}":"${text()}"},"num":${number()}}`,
  () => `${key()}=${text()} path=/cart${random(9)} dur=${random(9)}s num=${number()}`,
  () => `${key()}="${text()}" num=${random(9)} trace="${random(99)} x"`,
  () => `{"num":${random(9)},"path":"/cart${random(9)}"`,
  // The last of too many variables holds the rest of the line.
  () => `{"long":"${"9 ".repeat(33)}","path":"${text()}","num":${random(9)}}`,
  () => `{"long":[${"9,".repeat(33)}7],"path":"${text()}","num":${random(9)}}`,
  () => `path 7 of ${random(9)} fail`,
];
const given: Given[] = Array.from({ length: 900 }, (_, at) => ({
  at,
  line: shapes[random(shapes.length)]?.() ?? "",
  stream: random(5) === 0 ? { app: "a", path: "/cart" } : { app: "a" },
  severity: random(2) * 9,
}));
const metadata: Given[] = Array.from({ length: 100 }, (_, i) => ({
  at: 900 + i,
  line: shapes[random(shapes.length)]?.() ?? "",
  stream: { app: "m" },
  ...(random(2) === 0
    ? { attributes: { trace: pick(["x", "fail"]), ...(random(2) === 0 && { path: "/cart" }) } }
    : {}),
}));
const all = [...given, ...metadata];
const plain = sourceOf(all);

const folder = mkdtempSync(join(tmpdir(), "lapwing-logql-blocks-"));
const store = await openTestStore(folder, {});
for (const [i, part] of [given, metadata].entries()) {
  const request = { tenant: "t", matchers: [], lineFilters: [], limit: 1e6 };
  const records = await sourceOf(part).select({
    ...request,
    startNs: 0n,
    endNs: 1n << 62n,
    direction: "forward",
  });
  const { batch } = sliceOf(records);
  await store.commit(cutOf({ logs: createLineMiner().mine(batch) }, i + 1), () => {});
}
const blocks = createSources(
  createHead(),
  () => store.view(),
  () => [],
).logs;
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function answer(source: LogsSource, query: string): Promise<unknown> {
  const parsed = parseLogql(query);
  const scope = scopeOf(source);
  try {
    if (parsed.kind !== "log") {
      const times = { startMs: 100_000, endMs: 1_100_000, stepMs: 100_000 };
      const found = await evaluateMetric(parsed, times, scope);
      return typeof found === "number"
        ? found
        : found.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    }
    const range = { startNs: 0n, endNs: 1n << 62n, limit: 1e6, direction: "backward" } as const;
    return await selectRecords(parsed, range, scope);
  } catch (error) {
    // A line that is no JSON, or a label that is no number, fails a metric query; which line is met first is no matter.
    const [kind, series] = String(error).split(" for series: ");
    expect(series).toBeString();
    return kind;
  }
}

const parsers = ["json", "logfmt", 'json path, x="in.path"', 'pattern "<path> <_> <num>"'];
const filters = [
  'path="/cart"',
  'path=~"fail|/cart|a b" or out_come="a b"',
  'in_path="é", num<8',
  'path!="" | __error__=""',
  'trace="fail"',
  'trace_extracted="fail" or in_trace="5"',
  'path_extracted="/cart"',
  'detected_level="info" and num>5',
  '(path="5" or in_path="5") and app="a"',
  "dur>1s",
];

test("conditions on parsed labels find in blocks what they find in plain records", async () => {
  let found = 0;
  for (const parser of parsers)
    for (const filter of filters) {
      const query = `{app=~".+"} | ${parser} | ${filter}`;
      const expected = await answer(plain, query);
      expect([query, await answer(blocks, query)]).toEqual([query, expected]);
      found += Number(Array.isArray(expected) && expected.length > 0);
    }
  expect(found).toBeGreaterThan(25);
});

test("parsed labels of lines in blocks are those of plain records, and so are what metrics make of them", async () => {
  for (const query of [
    '{app="a"} | json',
    '{app="m"} | json | keep path, num',
    '{app=~".+"} | logfmt',
    'sum by (path) (count_over_time({app=~".+"} | json [5m]))',
    'sum by (path, num, _7up, _) (count_over_time({app="m"} | json | __error__="" [5m]))',
    'sum by (__error__) (count_over_time({app=~".+"} | json [5m]))',
    'avg_over_time({app=~".+"} | json | unwrap num | __error__="" [3m]) by (path)',
    'topk(3, avg_over_time({app="a"} | json | unwrap num | __error__="" [3m]) by (in_path))',
    'sum by (path) (sum_over_time({app="a"} | json | unwrap duration(dur) | __error__="" [2m]))',
    'max_over_time({app="a"} | logfmt | unwrap duration(dur) | __error__="" [2m]) by (path)',
    'sum by (path) (sum_over_time({app="a"} | json | unwrap num [2m]))',
    'quantile_over_time(0.5, {app="a"} | json | num>5 | unwrap num | __error__="" [2m]) by (path)',
  ])
    expect([query, await answer(blocks, query)]).toEqual([query, await answer(plain, query)]);
});
