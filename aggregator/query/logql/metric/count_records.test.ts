import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { severity } from "#shared/model/logs.ts";
import { seriesOf } from "../records.fixture.ts";

const record = fc.record({
  // Some lie on bounds of windows, and some a nanosecond beside them.
  at: fc.tuple(fc.nat(30), fc.constantFrom(0, 1e-9, 0.0005, 0.999_999_999)).map(([s, r]) => s + r),
  line: fc.constantFrom("", "x", "é8", "user 7 is in", "long".repeat(50)),
  stream: fc.constantFrom<Record<string, string>>(
    { app: "a" },
    { app: "b" },
    { app: "a", pod: "y" },
  ),
  severity: fc.constantFrom(severity.unknown, severity.info, severity.error, 30, 31, 200),
});
const query = fc.constantFrom("count_over_time", "rate", "bytes_over_time", "bytes_rate");
const grouping = fc.constantFrom("", "sum ", "sum by (app) ", "sum by (app, detected_level) ");

test("records are counted, and their bytes, as if each were looked at by itself", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 60 }),
      query,
      grouping,
      fc.constantFrom("7s", "2s"),
      async (records, op, by, range) => {
        const ask = (stages: string) =>
          seriesOf(`${by}(${op}({app=~".+"}${stages}[${range}]))`, records, [0, 35, 3]);
        // A condition that all meet has every record looked at.
        expect(await ask("")).toEqual(await ask('| app!=""'));
      },
    ),
    { numRuns: 150 },
  );
});
