import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scriptsFolder } from "./fetch_scripts.ts";
import { runFolder } from "./promql_folder.ts";
import { pinnedCases } from "./promql_pinned.ts";
import { firstUnsorted, runScript } from "./promql_runner.ts";

const shared = process.env["LAPWING_SHARED"] ?? join(import.meta.dir, "../../../shared");
const folder = [scriptsFolder, join(shared, "conformance/promqltest")].find((each) =>
  existsSync(each),
);

/** Passing cases of each script, which is all of them. A change may raise these numbers, never lower them. */
const reached = {
  "aggregators.test": 160,
  "at_modifier.test": 78,
  "collision.test": 2,
  "duration_expression.test": 59,
  "extended_vectors.test": 169,
  "fill-modifier.test": 46,
  "functions.test": 431,
  "histograms.test": 185,
  "info.test": 53,
  "limit.test": 37,
  "literals.test": 25,
  "name_label_dropping.test": 30,
  "native_histograms.test": 522,
  "operators.test": 214,
  "range_queries.test": 18,
  "selectors.test": 31,
  "staleness.test": 17,
  "start_timestamps.test": 26,
  "subquery.test": 34,
  "trig_functions.test": 19,
  "type_and_unit.test": 58,
} as const;

describe("Prometheus's PromQL scripts (npm run conformance:fetch, or LAPWING_SHARED)", () => {
  for (const [file, passed] of Object.entries(reached)) {
    const path = join(folder ?? scriptsFolder, file);
    test.skipIf(!existsSync(path))(
      `${file}: ${passed} cases pass, none fails`,
      async () => {
        const report = await runScript(file, await Bun.file(path).text());
        expect({ passed: report.passed, failures: report.failures }).toEqual({
          passed,
          failures: [],
        });
      },
      60_000,
    );
  }
});

test("runScript() reports a wrong expectation with what was expected and what came", async () => {
  const script =
    "load 1m\n  up 1 2 3\n\neval instant at 1m up\n  up 7\n\neval instant at 1m up\n  up 2\n";
  const { passed, failures } = await runScript("wrong.test", script);
  expect(passed).toBe(1);
  expect(failures).toEqual([
    {
      line: 4,
      query: "up",
      reasons: ['expected {__name__="up"} 7@60', 'got {__name__="up"} 2@60'],
    },
  ]);
});

test("a script that can't be read is one failure, which names the line", async () => {
  const { passed, failures } = await runScript("odd.test", "load 1m\n  up 1\n\nfrobnicate\n");
  expect(passed).toBe(0);
  expect(failures).toEqual([
    { line: 1, query: "", reasons: ["not readable: line 4: frobnicate: unknown command"] },
  ]);
});

test("start timestamps are loaded from the lines of series with @st", async () => {
  const script = [
    "load 1m",
    '  c{a="x"}@st _ _ -30s-1mx1 -1m 0',
    '  c{a="x"}    _ _ 1 2 5 6',
    "",
    "eval instant at 2m start_timestamp(c)",
    '  {a="x"} 90',
    "",
    "eval instant at 3m start_timestamp(c)",
    '  {a="x"} 90',
    "",
    "eval instant at 4m start_timestamp(c)",
    '  {a="x"} 180',
    "",
    "eval instant at 5m start_timestamp(c)",
    '  {a="x"} 300',
  ];
  const { passed, failures } = await runScript("starts.test", script.join("\n"));
  expect({ passed, failures }).toEqual({ passed: 4, failures: [] });
});

test("an instant query that fails as a range query is a failure, also of sorting and topk", async () => {
  const script = 'load 1m\n  a{n="1"} 1 2 3\n  a{n="2"} _ 2 _\n';
  const query = "eval instant at 0m sum(a) + on() a\n  {} 2\n\neval instant at 1m topk(1, a)\n";
  const { failures } = await runScript("range.test", `${script}\n${query}  a{n="1"} 2\n`);
  expect(failures.map(({ reasons }) => reasons[0]?.slice(0, 45))).toEqual(
    ["as range: failed: found duplicate series for t"].map((text) => text.slice(0, 45)),
  );
});

test("an instant query is asked again at other times, with its selectors pinned", () => {
  expect(pinnedCases("sum(rate(a[5m])) / b offset 1m", 600_000)).toEqual(
    [-6_000_000, 0, 120_000, 600_000, 6_000_000].map((timeMs) => ({
      query: "sum(rate(a[5m] @ 600.000)) / b @ 600.000 offset 1m",
      timeMs,
    })),
  );
  expect(pinnedCases("a @ 5 + b @ start()", 0)[0]).toEqual({
    query: "a @ 5.000 + b @ 0.000",
    timeMs: -1_000,
  });
  expect(pinnedCases("max_over_time(a[5m:1m])", 60_000)[0]?.query).toBe(
    "max_over_time(a[5m:1m] @ 60.000)",
  );
  expect(pinnedCases("predict_linear(a[5m], 60)", 60_000)).toEqual([]);
  expect(pinnedCases("sum(", 60_000)).toEqual([]);
});

test("series of a range query must come in the order of their labels", () => {
  const [a, ab, b] = [{ n: "a" }, { n: "a", z: "1" }, { m: "c", n: "a" }];
  expect(firstUnsorted([b, a, ab])).toBeUndefined();
  expect(firstUnsorted([a, b])).toBe(b);
  expect(firstUnsorted([b, ab, a])).toBe(a);
});

test("a scalar's answer must stand in the middle of a range query, too", async () => {
  const { passed, failures } = await runScript("s.test", "eval instant at 5m scalar(up)\n  NaN\n");
  expect({ passed, failures }).toEqual({ passed: 1, failures: [] });
});

test.each([
  ["c@st -1m\n  c@st -1m\n  c 1", "no line of samples follows c@st"],
  ["c 1\n  c@st -1m", "no line of samples follows c@st"],
  ["c@st -1m\n  d 1", "the line of samples below c@st is of another series"],
  ["c@st -1mx2\n  c 1x1", "c@st has 3 values, its line of samples has 2"],
])("a load of %j can't be read", async (lines, reason) => {
  const { failures } = await runScript("starts.test", `load 1m\n  ${lines}\n`);
  expect(failures).toEqual([
    { line: 1, query: "", reasons: [`not readable: line 1: load 1m: ${reason}`] },
  ]);
});

test("a file that can't be read is one failure, and the others run", async () => {
  const scripts = mkdtempSync(join(tmpdir(), "lapwing-scripts-"));
  try {
    mkdirSync(join(scripts, "a.test"));
    await Bun.write(join(scripts, "b.test"), "frobnicate\n");
    await Bun.write(join(scripts, "c.test"), "eval instant at 1m 2\n  2\n");
    const reports = await runFolder(scripts);
    expect(reports.map(({ file, passed, failures }) => [file, passed, failures.length])).toEqual([
      ["a.test", 0, 1],
      ["b.test", 0, 1],
      ["c.test", 1, 0],
    ]);
    expect(reports[0]?.failures[0]?.reasons[0]).toStartWith("not readable: ");
  } finally {
    rmSync(scripts, { recursive: true, force: true });
  }
});
