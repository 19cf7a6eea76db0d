import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { RE2JS } from "re2js";
import { costlyLine, costlyPattern } from "#test/support/costly_line.ts";
import { nextTurn } from "../async/turns.ts";
import { messageOf } from "../errors.ts";
import { anchoredRegex, type LinearRegex, recordRegex, searchingRegex } from "./linear_regex.ts";
import { defaultRegexLimits, queryStepsMax, setRegexLimits } from "./regex_limits.ts";
import { patternSize } from "./pattern_size.ts";
import { RegexProgram } from "./regex_program.ts";
import { groupsOf } from "./regex_spans.ts";
import { SteppedMatcher } from "./stepped_match.ts";

const groupTexts = ["(a)", "(a|b)*", "(?P<n>.*)", "(.*?)", "(b+?)x", "(?:ab|(a))", "((a)(b)?)+"];
const plainTexts = ["a", ".", "[a-c]", "^", "$", "\\b", "\\B", "(?i:K)", "é", "x*", "|", "(?m:$)"];
const pattern = fc
  .array(fc.constantFrom(...groupTexts, ...plainTexts), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join("").replaceAll("?P<n>", ""));
const text = fc
  .array(fc.constantFrom("a", "b", "c", "x", "k", "é", "😀", " ", "\n"), { maxLength: 12 })
  .map((parts) => parts.join(""));

function failure(run: () => unknown): string {
  try {
    return `gave ${String(run())}`;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

test("the matcher that counts its steps finds what re2js finds, group by group", () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { maxLength: 5 }), (source, texts) => {
      const program = RegexProgram.of(source);
      if (program === undefined) throw new Error(`${source} has no program`);
      const stepped = new SteppedMatcher(program);
      const compiled = RE2JS.compile(source);
      for (const one of texts) {
        const matcher = compiled.matcher(one);
        const wanted = matcher.find()
          ? Array.from(
              { length: matcher.groupCount() + 1 },
              (_, i) => matcher.group(i) ?? undefined,
            )
          : undefined;
        const spans = stepped.first(one, Infinity, never);
        const found = spans && groupsOf(one, spans);
        expect([source, one, found]).toEqual([source, one, wanted]);
      }
    }),
    { numRuns: 500 },
  );
});

function matchesInRow(source: string, of: string): string[] {
  const matcher = RE2JS.compile(source).matcher(of);
  const found: string[] = [];
  while (matcher.find()) if (matcher.end() > matcher.start()) found.push(matcher.group(0) ?? "");
  return found;
}

const never = () => new Error("never");

test("matches in a row are those of re2js, whichever machine finds them", () => {
  const asciiText = text.map((one) => one.replaceAll("😀", "x"));
  fc.assert(
    fc.property(pattern, asciiText, (source, one) => {
      const program = RegexProgram.of(source);
      if (program === undefined) throw new Error(`${source} has no program`);
      const stepped = [...new SteppedMatcher(program).all(one, 0, Infinity, never)]
        .map((spans) => one.slice(spans[0], spans[1]))
        .filter((match) => match !== "");
      const ranges = searchingRegex(source).ranges(one, 1_000);
      const wanted = matchesInRow(source, one);
      expect([source, one, stepped]).toEqual([source, one, wanted]);
      expect(ranges.map(([start, end]) => one.slice(start, end))).toEqual(wanted);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["test", (regex: LinearRegex, line: string) => regex.test(line)],
  ["exec", (regex: LinearRegex, line: string) => regex.exec(line)],
  ["replace", (regex: LinearRegex, line: string) => regex.replace(line, () => "")],
  ["replaceGroups", (regex: LinearRegex, line: string) => regex.replaceGroups(line, () => "")],
  ["ranges", (regex: LinearRegex, line: string) => regex.ranges(line, 1_000)],
])("%s() on a record's long line ends after so many steps", (_, run) => {
  const regex = recordRegex.searching(costlyPattern);
  const line = costlyLine(1_048_576);
  const began = process.cpuUsage();
  const refused = failure(() => run(regex, line));
  expect(refused).toMatch(/takes more than 2000000 steps for a text of 1048576 characters: use/);
  // 90 ms of the processor, whatever else runs; seconds without the limit.
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1_000).toBeLessThan(1_000);
});

test("matches that each look at all the rest take so many steps together", () => {
  const line = "a".repeat(60_000);
  const refused = failure(() => recordRegex.searching("a.*b|a").replace(line, () => "x"));
  expect(refused).toMatch(/takes more than 2000000 steps for a text of 60000 characters/);
  const short = "a".repeat(20);
  expect(recordRegex.searching("a.*b|a").replace(short, () => "x")).toBe("x".repeat(20));
});

test("simple expressions on a long line stay below the limit", () => {
  const line = "time=2026 user=alice.smith took=15ms ".repeat(7_000);
  const masked = recordRegex.searching("user=(\\S+)").replaceGroups(line, () => "-");
  expect(masked).toBe("time=2026 user=- took=15ms ".repeat(7_000));
  const absent = recordRegex.searching("[\\w.]+@[\\w.]+\\.com");
  expect(absent.replace(line, () => "")).toBe(line);
});

test("large patterns and long texts give the same as small ones", () => {
  const many = searchingRegex(`(?P<a>\\w+)=(?P<b>\\d+)${"(.*)".repeat(300)}`, queryStepsMax());
  expect(many.exec("  took=15 and more")?.slice(0, 4)).toEqual([
    "took=15 and more",
    "took",
    "15",
    " and more",
  ]);
  expect(many.exec("nothing")).toBeUndefined();
  const long = `${"word ".repeat(50_000)}took=15`;
  const small = searchingRegex("(\\w+)=(\\d+)$", queryStepsMax());
  expect(small.exec(long)).toEqual(["took=15", "took", "15"]);
  expect([small.test(long), small.test(long.slice(0, -1)), small.test(`${long} `)]).toEqual([
    true,
    true,
    false,
  ]);
  const stars = searchingRegex("(.*a){500}", queryStepsMax());
  expect([stars.test("a".repeat(499)), stars.test("ba".repeat(500))]).toEqual([false, true]);
});

test("a match that takes too many steps is refused, and says which expression and what to do", () => {
  const groups = searchingRegex("(.*)(.*)(.*)(.*)(.*)", 100_000);
  expect(failure(() => groups.exec("word ".repeat(10_000)))).toBe(
    'regular expression "(.*)(.*)(.*)(.*)(.*)" takes more than 100000 steps for a text of 50000 characters (query.regex.match_steps_max): use fewer groups and repetitions, or filter out long lines first',
  );
  expect(groups.exec("word")?.[1]).toBe("word");
});

test("texts that are matched in one go take so many steps together, and as many again after a pause", async () => {
  const parts = Array.from({ length: 300 }, (_, i) => `.*[^${i % 10}]{${(i % 50) + 2}}`);
  const costly = anchoredRegex(`${parts.join("|")}zz`, queryStepsMax());
  const matchAll = (): number => {
    for (let i = 0; i < 20_000; i++) costly.test(`instance-${i}`);
    return 0;
  };
  const refusal =
    /takes more than 15000000 steps for the label values or lines that it is matched with in one go/;
  expect(failure(matchAll)).toMatch(refusal);
  expect(failure(() => costly.test("instance-1"))).toMatch(refusal);
  await nextTurn();
  expect(costly.test("instance-1")).toBe(true);
});

test("the limit on steps in one go can be set, and its refusal names it", async () => {
  const parts = Array.from({ length: 300 }, (_, i) => `.*[^${i % 10}]{${(i % 50) + 2}}`);
  const costly = anchoredRegex(`${parts.join("|")}zz`, queryStepsMax());
  setRegexLimits({ ...defaultRegexLimits, turnStepsMax: 1_000 });
  try {
    const refused = failure(() => Array.from({ length: 300 }, (_, i) => costly.test(`i-${i}`)));
    expect(refused).toMatch(/takes more than 1000 steps .* \(query.regex.turn_steps_max\)/);
  } finally {
    setRegexLimits(defaultRegexLimits);
  }
  await nextTurn();
  expect(costly.test("instance-1")).toBe(true);
});

test("an expression of too many instructions is refused before it is compiled", () => {
  const refusal =
    /^regular expression ".{10,110}" compiles to about \d+ instructions, at most 40000 are allowed/;
  for (const source of [
    "((((a{1,9}){1,9}){1,9}){1,9}){1,9}",
    "a.*|".repeat(20_000),
    "((a{100}){10}b)".repeat(50),
  ])
    for (const compile of [anchoredRegex, searchingRegex])
      expect(failure(() => compile(source))).toMatch(refusal);
  expect(anchoredRegex("(a{1,9}){1,9}").test("a".repeat(81))).toBe(true);
});

test("the size of a pattern is known without compiling it", () => {
  for (const source of [
    "abc",
    "(a|b)*c{3,5}",
    "[a-z]+\\d{2,}",
    "\\Qa.b\\E+",
    "(?P<x>\\w+) (?i:foo)",
    "(.*a){500}",
    "[[:alpha:]\\]]{30}",
    "x*?y+?",
    "(?:(a{1,9}){1,9})+",
    "\\x{1F600}{20}\\p{Greek}",
  ]) {
    const real = RE2JS.compile(source).re2().numberOfInstructions();
    const size = patternSize(source);
    expect([source, size >= 0.5 * real - 3, size <= 2.5 * real]).toEqual([source, true, true]);
  }
  expect(
    patternSize(`(?:${"x".repeat(200)}){${defaultRegexLimits.instructionsMax}}`),
  ).toBeGreaterThan(defaultRegexLimits.instructionsMax);
});

test("a list of plain texts of any length matches those texts, dots being any character", () => {
  const hosts = Array.from({ length: 20_000 }, (_, i) => `host-${i}.example.com:9100`);
  const list = anchoredRegex(hosts.join("|"));
  expect(list.test("host-19999.example.com:9100")).toBe(true);
  expect(list.test("host-19999xexample\ncom:9100")).toBe(true);
  expect(list.test("host-20000.example.com:9100")).toBe(false);
  expect(list.test("")).toBe(false);
  const one = fc.array(fc.constantFrom("a", "b", ".", "\\.", "\\-", "é", "😀"), { maxLength: 3 });
  const alternatives = fc.array(
    one.map((parts) => parts.join("")),
    { minLength: 1, maxLength: 4 },
  );
  const wrapped = fc.tuple(alternatives, fc.constantFrom(["", ""], ["(", ")"], ["(?:", ")"]));
  const value = fc.array(fc.constantFrom("a", "b", ".", "-", "é", "😀", "\n"), { maxLength: 3 });
  fc.assert(
    fc.property(wrapped, value, ([texts, [open = "", close = ""]], characters) => {
      const source = open + texts.join("|") + close;
      const given = characters.join("");
      const wanted = RE2JS.compile(`^(?s:${source})$`).matcher(given).find();
      expect([source, given, anchoredRegex(source).test(given)]).toEqual([source, given, wanted]);
      const groups = anchoredRegex(source).exec(given);
      expect(groups?.[0]).toBe(wanted ? given : undefined);
    }),
    { numRuns: 300 },
  );
});

test("a pattern that closes its own anchors is refused in its own words", () => {
  expect(failure(() => anchoredRegex("a)(b"))).toContain(
    'regular expression "a)(b": error parsing',
  );
  expect(failure(() => anchoredRegex("a("))).toContain("missing closing ): `a(`");
});
