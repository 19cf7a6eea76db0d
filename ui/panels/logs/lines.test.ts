import { expect, test } from "bun:test";
import type { Frame } from "../../frames/frame.ts";
import { linesMax, panelLines, prettyJson } from "./lines.ts";

function frame(lines: readonly (readonly [number, string])[], labels: object = {}): Frame {
  const column = { labels: {}, options: {} };
  return {
    ref: "A",
    name: "",
    length: lines.length,
    notices: [],
    fields: [
      { ...column, name: "Time", type: "time", values: Float64Array.from(lines, ([ms]) => ms) },
      { ...column, name: "line", type: "string", values: lines.map(([, text]) => text) },
      { ...column, name: "labels", type: "other", values: lines.map(() => labels) },
    ],
  };
}
const told = (frames: readonly Frame[], dedup: "none" | "exact" | "numbers" | "signature") =>
  panelLines(frames, { order: "oldest", dedup }).lines.map(({ text, count }) => [text, count]);

test("panelLines() sorts the lines of all frames by time, in both directions", () => {
  const frames = [
    frame([
      [3, "c"],
      [1, "a"],
    ]),
    frame([[2, "b"]]),
  ];
  expect(told(frames, "none").map(([text]) => text)).toEqual(["a", "b", "c"]);
  const newest = panelLines(frames, { order: "newest", dedup: "none" });
  expect(newest.lines.map(({ text }) => text)).toEqual(["c", "b", "a"]);
});

test("panelLines() merges neighbours as asked, and counts them", () => {
  const frames = [
    frame([
      [1, "2026-01-01T00:00:00Z took 5 ms"],
      [2, "2026-01-01T00:00:01Z took 5 ms"],
      [3, "2026-01-01T00:00:02Z took 7 ms"],
      [4, "2026-01-01T00:00:02Z sent 7 ms"],
    ]),
  ];
  expect(told(frames, "none").map(([, count]) => count)).toEqual([1, 1, 1, 1]);
  expect(told(frames, "exact").map(([, count]) => count)).toEqual([2, 1, 1]);
  expect(told(frames, "numbers").map(([, count]) => count)).toEqual([3, 1]);
  expect(told(frames, "signature").map(([, count]) => count)).toEqual([4]);
});

test("panelLines() finds the labels that all lines share", () => {
  const both = [
    frame([[1, "a"]], { host: "h1", job: "x" }),
    frame([[2, "b"]], { host: "h2", job: "x" }),
  ];
  expect(panelLines(both, { order: "oldest", dedup: "none" }).common).toEqual({ job: "x" });
});

test("panelLines() keeps no more than its limit, and counts the rest", () => {
  const many = frame(Array.from({ length: linesMax + 7 }, (_, i) => [i, `line ${i}`] as const));
  const { lines, left } = panelLines([many], { order: "newest", dedup: "none" });
  expect(lines.length).toBe(linesMax);
  expect(lines[0]?.text).toBe(`line ${linesMax + 6}`);
  expect(left).toBe(7);
});

test("prettyJson() leaves what is no JSON as it is", () => {
  expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(prettyJson("{not json")).toBe("{not json");
});
