import { expect, test } from "bun:test";
import { bestOf, rankOf } from "./rank.ts";

const best = (names: readonly string[], text: string): string[] =>
  bestOf(names, (name) => name, text, 10).map(({ item }) => item);

test("bestOf() puts the whole name first, then beginnings, words, parts, and letters in order", () => {
  const names = ["h-o-s-t", "ghosts", "web host", "Hosts of Berlin", "host"];
  expect(best(names, "host")).toEqual(["host", "Hosts of Berlin", "web host", "ghosts", "h-o-s-t"]);
});

test("rankOf() wants every word, in any order", () => {
  expect(rankOf("node_cpu_seconds_total", "seconds cpu")).toBe(2);
  expect(rankOf("node_cpu_seconds_total", "cpu memory")).toBeUndefined();
  expect(rankOf("node_cpu_seconds_total", "ncst")).toBe(4);
  expect(rankOf("Last 6 hours", "6h")).toBe(4);
});

test("rankOf() takes any name for nothing typed, and no letters of very long names", () => {
  expect(rankOf("anything", "  ")).toBe(0);
  expect(rankOf("a".repeat(200) + "b", "ab")).toBe(3);
  expect(rankOf(`x${"a".repeat(200)}xb`, "xxb")).toBeUndefined();
});

test("bestOf() keeps the order of equals, and no more than asked for", () => {
  expect(bestOf(["b1", "b2", "b3"], (name) => name, "b", 2).map(({ item }) => item)).toEqual([
    "b1",
    "b2",
  ]);
});
