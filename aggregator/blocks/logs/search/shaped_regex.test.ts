import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { templateOfText } from "#shared/model/line_template.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { RegexProgram } from "#shared/text/regex_program.ts";
import { createLineMiner } from "#test/support/mining.ts";
import { writeLogsFile } from "../write/logs_file.ts";
import { lines } from "../../../read/store.fixture.ts";
import { readLogs } from "../read_logs.fixture.ts";
import { regexPattern } from "../regex_pattern.fixture.ts";
import { ShapedRegex } from "./shaped_regex.ts";
import { kinds, type Shape } from "../texts/value_shapes.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-shapes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kindOf = (byte: number) => kinds.findIndex((bytes) => bytes.includes(byte));

/** 9 stands for digits, a for a to f; any other character for those of its kind. */
function shape(...values: string[]): Shape {
  const masks = values.map((value) =>
    Uint16Array.from(Buffer.from(value), (byte) => 1 << kindOf(byte)),
  );
  return { lengths: Uint32Array.from(masks, ({ length }) => length), masks };
}

/** Which lengths of which variables are to be read, and from where on. */
function told(pattern: string, template: string, shapes: readonly Shape[]) {
  const program = RegexProgram.of(pattern);
  if (program === undefined) throw new Error(`${pattern} has no program`);
  const plan = new ShapedRegex(program).plan(templateOfText(template), shapes);
  if (typeof plan === "string") return plan;
  return plan.map(({ variable, from, always }) =>
    always >= 0
      ? `v${variable}: always`
      : `v${variable}: ${[...from].flatMap((at, length) => (at < 0 ? [] : [`${length}@${at}`])).join()}`,
  );
}

test("shapes tell which values are to be read, and from which place on", () => {
  const pattern = String.raw`\b5\d\d\b`;
  expect(told(pattern, "took <0> ms", [shape("9", "99", "9999")])).toBe("none");
  expect(told(pattern, "took <0> ms", [shape("9", "999")])).toEqual(["v0: 3@0"]);
  expect(told(pattern, "at <0>,<1> <2>", [shape("99:99"), shape("999"), shape("9.999")])).toEqual([
    "v1: 3@0",
    "v2: 5@2",
  ]);
  expect(told(pattern, "x<0> <1>", [shape("999"), shape("a99")])).toBe("none");
  expect(told("(?i)ERROR|fail", "an Error <0>", [shape("9")])).toBe("all");
  expect(told("(?i)error|fail", "an <0>", [shape("9", "aaaaa", "a999")])).toBe("none");
  expect(told("^on ", "at <0> <1>", [])).toBe("none");
  // What lies between the variables says nothing of the first: it would have to be read with the second.
  expect(told("5[0-9]*[.]6", "<0>.<1>", [shape("99"), shape("99")])).toBe("untold");
  expect(told("x", "<0> <1>", [])).toBe("untold");
  // The last one is read from its begin.
  expect(told("x", "<0> <1>", [shape("99")])).toEqual(["v1: always"]);
});

const values = fc.constantFrom(
  "5",
  "55",
  "555",
  "1",
  "57",
  "507",
  "beef5",
  "10.5.0.1",
  "Q7",
  "7:05",
);
const more = fc.constantFrom("é5", "5".repeat(70), "5 5", "<5>", "x-5_5/5", "", "@5=5,5");
const line = fc
  .tuple(
    fc.constantFrom("took # ms for # at #", "# a#=#,# #", "x# #:#:# é #", "#", "a [#] #/#"),
    fc.infiniteStream(fc.oneof({ weight: 12, arbitrary: values }, { weight: 1, arbitrary: more })),
  )
  .map(([text, some]) => text.replaceAll("#", () => some.next().value ?? ""));
/** Variables whose digits stand apart in a block: they come to a few shapes, of which the digits are less than the half. */
const two = fc.integer({ min: 10, max: 59 });
const dated = fc
  .tuple(two, two, two, fc.constantFrom("5", "57", "507", "5555"), fc.constantFrom("é", "ms"))
  .map(
    ([a, b, c, d, end]) =>
      `on 5-${a}.-${b}-x.${d} took ${c}-.ab_-${b}.5ms: [${d}] é ${d}-.-x${a}-_.${end}`,
  );
const everything = { tenant: "t", matchers: [], startNs: 0n, endNs: 2n ** 62n, limit: 1e5 };

test("lines that regular expressions find by shapes are those that match", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.array(fc.oneof(line, dated), { minLength: 30, maxLength: 120 }),
        fc.array(dated, { minLength: 100, maxLength: 120 }),
      ),
      fc.array(regexPattern, { minLength: 20, maxLength: 20 }),
      async (texts, patterns) => {
        const file = await writeLogsFile(folder, [createLineMiner().mine(lines("x", texts))]);
        // The last one needs more states than are spent on shapes.
        for (const one of [...patterns, String.raw`\b5\d\d\b`, "5.{12}5"]) {
          const lineFilters = [{ op: "|~" as const, values: [one] }];
          const request = { ...everything, direction: "forward" as const, lineFilters };
          const found = (await readLogs(file, request)).map(({ body }) => body);
          const regex = searchingRegex(one);
          expect([one, found]).toEqual([one, texts.filter((text) => regex.test(text))]);
        }
        rmSync(file.path);
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);
