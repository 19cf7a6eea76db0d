import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runScript } from "./promql_runner.ts";

const repository = join(import.meta.dir, "../..");
const folder = join(
  process.env["LAPWING_SHARED"] ?? join(repository, "../shared"),
  "conformance/promqltest",
);
const found = existsSync(folder);

/** Passing cases of each script, which is all of them. A change may raise these numbers, never lower them. */
const reached = {
  "at_modifier.test": 78,
  "functions.test": 431,
  "histograms.test": 185,
  "limit.test": 37,
  "literals.test": 25,
  "name_label_dropping.test": 30,
  "native_histograms.test": 522,
  "operators.test": 214,
  "range_queries.test": 18,
  "selectors.test": 31,
  "staleness.test": 17,
  "trig_functions.test": 19,
} as const;

describe.skipIf(!found)("Prometheus's PromQL scripts (needs the folder LAPWING_SHARED)", () => {
  for (const [file, passed] of Object.entries(reached)) {
    test(`${file}: ${passed} cases pass, none fails`, async () => {
      const report = await runScript(file, await Bun.file(join(folder, file)).text());
      expect({ passed: report.passed, failures: report.failures }).toEqual({
        passed,
        failures: [],
      });
    });
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
