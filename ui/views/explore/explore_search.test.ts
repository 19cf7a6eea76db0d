import { expect, test } from "bun:test";
import { parseSearch, stringifySearch } from "../../state/url.ts";
import {
  type ExploreState,
  newQuery,
  nextRef,
  readExplore,
  writeExplore,
} from "./explore_search.ts";

const state: ExploreState = {
  queries: [
    { ...newQuery("B"), expr: 'rate(x{a="b & c"}[5m])', type: "both", step: "1m" },
    { ...newQuery("A"), expr: "B / 2", legend: "{{a}}", hidden: true, builder: true },
    newQuery("C"),
  ],
  view: "stacked",
};

test("readExplore() gives back what writeExplore() wrote into the URL, queries in their order", () => {
  const before = { from: "now-1h", "q.Z": "gone", expr: "gone" };
  const search = { ...before, ...writeExplore(state, before) };
  const url = stringifySearch(search);
  expect(url).toContain("q.B=rate");
  expect(url).not.toContain("gone");
  expect(readExplore(parseSearch(url))).toEqual(state);
});

test("readExplore() takes the links of Prometheus and Grafana", () => {
  expect(readExplore({ expr: "up" }).queries[0]?.expr).toBe("up");
  expect(readExplore({ "g0.expr": "up" }).queries[0]?.expr).toBe("up");
});

test("readExplore() makes sense of nonsense", () => {
  expect(readExplore({ "q.<b>": "x", view: "pie", "as.A": "step=nonsense loud" })).toEqual({
    queries: [newQuery("A")],
    view: "lines",
  });
});

test("nextRef() goes on after Z", () => {
  const letters = Array.from({ length: 26 }, (_, i) => newQuery(String.fromCodePoint(65 + i)));
  expect(nextRef(letters)).toBe("A1");
  expect(nextRef(letters.filter(({ ref }) => ref !== "D"))).toBe("D");
});
