import { expect, test } from "bun:test";
import { filtersOf, roundTrips } from "./logs.fixture.ts";
import { logqlOf, everything } from "./logql.ts";
import { isMetricQuery, readLogql, selectorIn } from "./read_logql.ts";
import { parseWords, printWords } from "./words.ts";
import { parseFilters, printFilters, stateOf, toggled } from "./filters.ts";

const text = (value: string, exclude = false) => ({ kind: "text" as const, value, exclude });
const regex = (value: string, exclude = false) => ({ kind: "regex" as const, value, exclude });

test.each([
  [
    'error timeout "disk full" -debug',
    [text("error"), text("timeout"), text("disk full"), text("debug", true)],
  ],
  ["/5\\d\\d/ /api/cart -/x y/", [regex("5\\d\\d"), text("/api/cart"), regex("x y", true)]],
  ["a - b", [text("a"), text("-"), text("b")]],
  ['"a \\"b\\" \\\\"', [text('a "b" \\')]],
  ['"not closed', [text("not closed")]],
  ["/a\\/b/", [regex("a/b")]],
  ["", []],
  ["/", [text("/")]],
  ['""', []],
])("parseWords() reads %p", (written, terms) => {
  expect(parseWords(written)).toEqual(terms);
});

test("printWords() writes what parseWords() reads as the same, whatever the terms hold", () => {
  for (const terms of roundTrips()) expect(parseWords(printWords(terms))).toEqual(terms);
});

test("readLogql() gives back the terms and filters that logqlOf() was given", () => {
  for (const terms of roundTrips())
    for (const filters of filtersOf()) {
      const query = logqlOf(terms, filters);
      expect({ query, read: readLogql(query) }).toEqual({ query, read: { terms, filters } });
    }
});

test.each([
  ['{a="b"} | json', "| json"],
  ['{a="b"} | status > 3', "| status > 3"],
  ['{a="b"} | line_format "x"', '| line_format "x"'],
  ['sum(rate({a="b"}[5m]))', "the query as a whole: it is no selection of lines"],
  ['{a="b"} |= ip("1.2.3.4")', '|= ip("1.2.3.4")'],
  ['{a=~"b.*"}', 'a=~"b.*"'],
])("readLogql() names what of %p words can't say", (query, cannot) => {
  expect(readLogql(query)).toEqual({ cannot });
});

test("a query that is not complete is no words", () => {
  expect(readLogql('{a="b')).toHaveProperty("cannot");
});

test("isMetricQuery() and selectorIn()", () => {
  expect(isMetricQuery('sum by (level) (rate({a="b"} | json [5m]))')).toBe(true);
  expect(isMetricQuery('{a="b"} |= "rate("')).toBe(false);
  expect(selectorIn('sum(rate({a="b}"} |= "x" [5m]))')).toBe('{a="b}"}');
  expect(selectorIn("nonsense")).toBe(everything);
});

test("filters survive the URL, and what is broken is left out", () => {
  for (const filters of filtersOf()) expect(parseFilters(printFilters(filters))).toEqual(filters);
  expect(parseFilters('a="b" <script> c="d"')).toHaveLength(1);
  expect(parseFilters('="x" <>a="y"')).toEqual([]);
});

test("toggled() includes, adds to what is included, changes sides and takes back", () => {
  const target = { kind: "label", name: "a", parsers: [] } as const;
  const one = toggled([], target, "x", false);
  expect(stateOf(one, target, "x")).toBe("included");
  const two = toggled(one, target, "y", false);
  expect(two).toEqual([{ ...target, values: ["x", "y"], exclude: false }]);
  const changed = toggled(two, target, "y", true);
  expect(stateOf(changed, target, "y")).toBe("excluded");
  expect(stateOf(changed, target, "x")).toBe("included");
  expect(toggled(toggled(changed, target, "y", true), target, "x", false)).toEqual([]);
});
