import { expect, test } from "bun:test";
import type { Frame } from "../../frames/frame.ts";
import { annotationsIn } from "./annotation_frames.ts";

const source = { name: "Deploys", color: "blue", title: "on {{host}}", text: "", tags: ["d"] };
const field = { labels: { host: "web-1" }, options: {} } as const;

test("times in a row at which a series is not zero are one stretch, a single one a moment", () => {
  const frame: Frame = {
    ref: "A",
    name: "up",
    length: 7,
    notices: [],
    fields: [
      { ...field, name: "Time", type: "time", values: Float64Array.of(0, 10, 20, 30, 40, 50, 60) },
      { ...field, name: "up", type: "number", values: Float64Array.of(0, 1, 1, 0, NaN, 2, 0) },
    ],
  };
  expect(annotationsIn([frame], source, 10)).toEqual([
    {
      id: "Deploys:up:10",
      startMs: 10,
      endMs: 30,
      title: "on web-1",
      text: "",
      tags: ["d"],
      color: "blue",
      stored: false,
    },
    expect.objectContaining({ startMs: 50, endMs: undefined }),
  ]);
});

test("each line of a log is a moment with its text", () => {
  const frame: Frame = {
    ref: "A",
    name: "",
    length: 1,
    notices: [],
    fields: [
      { ...field, name: "Time", type: "time", values: Float64Array.of(5) },
      { ...field, name: "line", type: "string", values: ["rolled out <b>v2</b>"] },
      { ...field, name: "labels", type: "other", values: [{ host: "db-1" }] },
    ],
  };
  const [first] = annotationsIn([frame], source, 10);
  expect(first).toMatchObject({ startMs: 5, title: "on db-1", text: "rolled out <b>v2</b>" });
});
