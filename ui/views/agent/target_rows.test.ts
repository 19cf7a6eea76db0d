import { expect, test } from "bun:test";
import type { Target } from "../../client/query_service.ts";
import { findTargets } from "./target_rows.ts";

const target = (url: string, health: string, more: Partial<Target> = {}): Target => ({
  pool: "node",
  url,
  labels: {},
  health,
  lastError: "",
  lastScrapeMs: 0,
  durationSeconds: 0,
  samples: 0,
  ...more,
});
const targets = [
  target("http://a:9100", "up", { labels: { site: "north" } }),
  target("http://b:10", "down", { lastError: "connection refused" }),
  target("http://b:9", "down"),
];
const urls = (words: string, isFailing = false) =>
  findTargets(targets, { words, isFailing }).map(({ url }) => url);

test("findTargets() puts those that fail first, as people count", () => {
  expect(urls("")).toEqual(["http://b:9", "http://b:10", "http://a:9100"]);
});

test("findTargets() looks at labels and errors", () => {
  expect(urls("site=NORTH node")).toEqual(["http://a:9100"]);
  expect(urls("refused", true)).toEqual(["http://b:10"]);
  expect(urls("site=north", true)).toEqual([]);
});
