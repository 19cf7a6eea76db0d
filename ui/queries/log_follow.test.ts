import { expect, test } from "bun:test";
import type { LogLine } from "../client/loki.ts";
import { linesMax, mergeLines } from "./log_follow.ts";

function line(ms: number, text: string, file = "a.log"): LogLine {
  return { ns: `${ms}000000`, timeMs: ms, labels: { filename: file }, text };
}

test("mergeLines() adds each line once however often it is fetched, equal ones as often as they are there", () => {
  const first = mergeLines(undefined, [line(1_000, "x"), line(1_000, "x"), line(1_001, "y")]);
  expect(first.lines.map(({ text }) => text)).toEqual(["x", "x", "y"]);
  const again = mergeLines(first, [
    line(1_000, "x"),
    line(1_000, "x"),
    line(1_001, "y"),
    line(1_002, "z"),
  ]);
  expect(again.lines.map(({ text }) => text)).toEqual(["x", "x", "y", "z"]);
  expect(mergeLines(again, [line(1_001, "y")])).toBe(again);
});

test("mergeLines() puts a line that arrives late at its time", () => {
  const first = mergeLines(undefined, [line(1_000, "a"), line(3_000, "c")]);
  const late = mergeLines(first, [line(2_000, "b", "b.log"), line(3_000, "c")]);
  expect(late.lines.map(({ text }) => text)).toEqual(["a", "b", "c"]);
});

test("mergeLines() keeps the newest lines and counts those it lets go", () => {
  const many = Array.from({ length: linesMax + 7 }, (_, i) => line(i + 1_000, `#${i}`));
  const picture = mergeLines(undefined, many);
  expect(picture.lines.length).toBe(linesMax);
  expect(picture.lines[0]?.text).toBe("#7");
  expect(picture.dropped).toBe(7);
});

test("mergeLines() counts a poll that came back full of new lines as a gap", () => {
  const known = mergeLines(undefined, [line(1, "old")]);
  const full = Array.from({ length: 1_000 }, (_, i) => line(i + 5_000, `#${i}`));
  expect(mergeLines(known, full).gaps).toBe(1);
  expect(mergeLines(known, full.slice(1)).gaps).toBe(0);
  expect(mergeLines(undefined, full).gaps).toBe(0);
});
