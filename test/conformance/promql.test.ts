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
