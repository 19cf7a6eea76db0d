import { expect, test } from "bun:test";
import { hideSearch, parseHide, parseSorting, sortingSearch } from "./table_search.ts";

test("parseSorting() reads what sortingSearch() wrote, of one column, of more and of none", () => {
  for (const sorting of [
    [],
    [{ id: "name", desc: true }],
    [
      { id: "state", desc: false },
      { id: "dropped", desc: true },
    ],
  ]) {
    const { sort, dir } = sortingSearch(sorting);
    expect(parseSorting(sort, dir)).toEqual(sorting);
  }
  expect(parseSorting("name,state", "down")).toEqual([
    { id: "name", desc: true },
    { id: "state", desc: false },
  ]);
});

test("parseHide() tells a choice to hide nothing from no choice", () => {
  for (const hidden of [[], ["up"], ["up", "spool"]]) {
    expect(parseHide(hideSearch(hidden))).toEqual(hidden);
  }
  expect(hideSearch(undefined)).toBe("");
  expect(parseHide(undefined)).toBeUndefined();
});
