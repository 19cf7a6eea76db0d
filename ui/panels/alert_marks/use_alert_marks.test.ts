import { expect, test } from "bun:test";
import type { Frame } from "../../frames/frame.ts";
import { marksOf, seriesLabels } from "./use_alert_marks.ts";

const shownOn = { window: { startMs: 0, endMs: 1_000 }, timeZone: "utc" };
const a = { alertname: "Down", severity: "critical", host: "a" };
const periods = [
  { labels: a, startMs: 100, endMs: 200 },
  { labels: { alertname: "Full", host: "b" }, startMs: 300, endMs: undefined },
];

const shown = (choice: "fitting" | "all" | "none") =>
  marksOf(periods, { ...shownOn, choice, series: [{ host: "a", mode: "idle" }] }).map(
    ({ title }) => title,
  );
const field = (type: "time" | "number", labels: Record<string, string>) => ({
  name: "f",
  type,
  labels,
  values: [],
  options: {},
});

test("marks are those of the fitting alerts, of all, or of none", () => {
  expect(shown("fitting")).toEqual(["Down fired"]);
  expect(shown("all")).toEqual(["Down fired", "Full fired"]);
  expect(shown("none")).toEqual([]);
});

test("a mark has the alert's words, and one that still fires lasts to the end of the chart", () => {
  const [first, second] = marksOf(periods, { ...shownOn, choice: "all", series: [] });
  expect(first).toMatchObject({ startMs: 100, endMs: 200, tags: ["critical"] });
  expect([first?.text, second?.text]).toEqual(['host="a"', 'host="b"']);
  expect(second).toMatchObject({ startMs: 300, endMs: 1_000, stored: false });
});

test("periods that overlap are one mark, which names each alert", () => {
  const many = Array.from({ length: 10 }, (_, i) => ({
    labels: { alertname: "Down", host: `h${i}` },
    startMs: 1_000 * i,
    endMs: 1_000 * i + 1_500,
  }));
  const marks = marksOf([...many, { labels: a, startMs: 20_000, endMs: undefined }], {
    ...shownOn,
    window: { startMs: 0, endMs: 30_000 },
    choice: "all",
    series: [],
  });
  expect(marks.map(({ startMs, endMs, title }) => [startMs, endMs, title])).toEqual([
    [0, 10_500, "10 alerts fired"],
    [20_000, 30_000, "Down fired"],
  ]);
  const lines = marks[0]?.text.split("\n") ?? [];
  expect([lines[1], lines.at(-1), lines.length]).toEqual([
    '00:00:01 Down host="h1"',
    "and 2 more",
    9,
  ]);
});

test("seriesLabels() takes the labels of numbers only", () => {
  const frame = { ref: "A", name: "", length: 0, notices: [] };
  const frames: Frame[] = [{ ...frame, fields: [field("time", {}), field("number", a)] }];
  expect(seriesLabels(frames)).toEqual([a]);
});
