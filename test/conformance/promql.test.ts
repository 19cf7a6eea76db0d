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

/**
 * Passing cases of each script. Native histograms are not stored yet: what fails are cases that load or expect one, and
 * files without them are complete. A change may raise these numbers, never lower them.
 */
const reached = {
  "at_modifier.test": { passed: 78, failed: 0 },
  "functions.test": { passed: 380, failed: 51 },
  "histograms.test": { passed: 93, failed: 92 },
  "limit.test": { passed: 15, failed: 22 },
  "literals.test": { passed: 25, failed: 0 },
  "name_label_dropping.test": { passed: 30, failed: 0 },
  "native_histograms.test": { passed: 3, failed: 519 },
  "operators.test": { passed: 145, failed: 69 },
  "range_queries.test": { passed: 17, failed: 1 },
  "selectors.test": { passed: 31, failed: 0 },
  "staleness.test": { passed: 17, failed: 0 },
  "trig_functions.test": { passed: 19, failed: 0 },
} as const;

describe.skipIf(!found)("Prometheus's PromQL scripts (needs the folder LAPWING_SHARED)", () => {
  for (const [file, { passed, failed }] of Object.entries(reached)) {
    test(`${file}: ${passed} cases pass, ${failed} need native histograms`, async () => {
      const report = await runScript(file, await Bun.file(join(folder, file)).text());
      expect({ passed: report.passed, failed: report.failures.length }).toEqual({ passed, failed });
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
