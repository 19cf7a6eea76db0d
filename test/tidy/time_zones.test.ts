import { expect, test } from "bun:test";
import { join } from "node:path";

const ui = join(import.meta.dir, "../../ui");
/** What tells a moment in the browser's own zone, whatever the page's is. */
const zoneless =
  /\.toLocale(?:Date|Time)String\(|new Date\([^)]*\)\.to(?:Locale)?String\(|\.get(?:Hours|Minutes|Date|Day|Month|FullYear)\(\)|Intl\.DateTimeFormat\(/;
/** Files that turn moments into text by a zone, or reckon with dates of one. */
const zoned = new Set([
  "units/time_zones.ts",
  "dashboards/model/moment_format.ts",
  "dashboards/model/global_variables.ts",
  "shell/time/calendar.tsx",
  "state/moment.ts",
]);

test("what the interface shows of a moment goes by the page's time zone, not the browser's", async () => {
  const found: string[] = [];
  let files = 0;
  for await (const file of new Bun.Glob("**/*.{ts,tsx}").scan(ui)) {
    if (file.endsWith(".test.ts") || file.endsWith(".test.tsx") || zoned.has(file)) continue;
    files++;
    const lines = (await Bun.file(join(ui, file)).text()).split("\n");
    lines.forEach((line, i) => {
      if (zoneless.test(line)) found.push(`${file}:${i + 1} ${line.trim()}`);
    });
  }
  expect(files).toBeGreaterThan(500);
  expect(found).toEqual([]);
});
