import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import { PagedList } from "#shared/collections/paged_list.ts";
import { compileMatchers } from "../read/matching.ts";
import { SeriesIndex } from "./series_index.ts";

const value = fc.constantFrom("", "a", "b", "c");
const labels: fc.Arbitrary<Labels> = fc
  .record({ __name__: value, host: value, job: value })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, one]) => one !== "")));
const matcher: fc.Arbitrary<Matcher> = fc.record({
  name: fc.constantFrom("__name__", "host", "job", "none"),
  op: fc.constantFrom("=", "!=", "=~", "!~"),
  value: fc.constantFrom("", "a", "b", "a|b"),
});

test("SeriesIndex.find() gives what every matcher lets pass, also of series that came since it was asked last", () => {
  fc.assert(
    fc.property(
      fc.array(labels, { maxLength: 60 }),
      fc.array(labels, { maxLength: 20 }),
      fc.array(matcher, { maxLength: 4 }),
      (first, later, matchers) => {
        const all = new PagedList<Labels>();
        const index = new SeriesIndex(all);
        const matches = compileMatchers(matchers);
        const given: Labels[] = [];
        for (const some of [first, later]) {
          for (const one of some) all.push(one);
          given.push(...some);
          const expected = [...given.keys()].filter((i) => matches(given[i] ?? {}));
          // By a regular expression they come value by value.
          expect(index.find(matchers).toSorted((a, b) => a - b)).toEqual(expected);
        }
      },
    ),
    { numRuns: 500 },
  );
});
