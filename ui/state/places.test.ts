import { expect, test } from "bun:test";
import { readExplore } from "../views/explore/explore_search.ts";
import { explorePage, hostPage } from "./places.ts";
import { parseSearch } from "./url.ts";

test("explorePage() leads PromQL to Explore and LogQL to Logs, at the time of the page it is on", () => {
  const expr = 'rate(x{a="b & c"}[5m]) + 1';
  const page = { from: "now-1h", to: "now", tz: "utc" };
  const metrics = new URL(explorePage({ expr }, page), "http://lapwing");
  expect(metrics.pathname).toBe("/explore");
  expect(parseSearch(metrics.search)).toEqual({ ...page, expr });
  expect(readExplore(parseSearch(metrics.search)).queries[0]?.expr).toBe(expr);
  const logs = new URL(explorePage({ expr: '{a="b"}', source: "logs" }), "http://lapwing");
  expect([logs.pathname, parseSearch(logs.search)]).toEqual([
    "/logs",
    { lang: "logql", q: '{a="b"}' },
  ]);
});

test("hostPage() names the tab only where one is asked for", () => {
  expect([hostPage("a/b"), hostPage("a", "logs")]).toEqual(["/hosts/a%2Fb", "/hosts/a?tab=logs"]);
});
