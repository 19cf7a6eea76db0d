import { expect, test } from "bun:test";
import type { Frame } from "../../frames/frame.ts";
import { appendTail, tailStartOf, type Answered } from "./tail.ts";

const field = { labels: {}, options: {} } as const;

/** Series by host over one set of times. */
function series(times: number[], hosts: Record<string, number[]>): Frame[] {
  const time = { ...field, name: "Time", type: "time", values: Float64Array.from(times) } as const;
  return Object.entries(hosts).map(([host, values]) => {
    const numbers = Float64Array.from(values);
    const number = {
      name: host,
      type: "number",
      labels: { host },
      values: numbers,
      options: {},
    } as const;
    return { ref: "A", name: host, length: times.length, notices: [], fields: [time, number] };
  });
}

const points = (frames: readonly Frame[] | undefined) =>
  frames?.map(({ name, fields }) => [name, ...(fields[1]?.values ?? [])]);

test("appendTail() drops what left the window, replaces the overlap, and adds what is new, on one grid", () => {
  const before = series([10, 20, 30], { a: [1, 2, 3], gone: [9, NaN, NaN] });
  const tail = {
    frames: series([30, 40], { a: [33, 4], new: [NaN, 5] }),
    window: { startMs: 30, endMs: 41 },
  };
  const joined = appendTail(before, tail, 22, 10);
  expect(points(joined)).toEqual([
    ["a", 2, 33, 4],
    ["new", NaN, NaN, 5],
  ]);
  const times = joined?.map(({ fields }) => fields[0]?.values);
  expect(times?.[0]).toEqual(Float64Array.of(20, 30, 40));
  expect(times?.[1]).toBe(times?.[0]);
});

test("a series without new samples keeps its old ones, and the grid goes on", () => {
  const before = series([10, 20, 30], { a: [1, 2, 3] });
  const tail = { frames: [], window: { startMs: 30, endMs: 41 } };
  expect(points(appendTail(before, tail, 10, 10))).toEqual([["a", 1, 2, NaN, NaN]]);
});

test("tailStartOf() asks for all of the range where the last answer does not help", () => {
  const before: Answered = {
    frames: series([0], { a: [1] }),
    window: { startMs: 0, endMs: 3_600_000 },
    stepMs: 15_000,
    wholeMs: 3_600_000,
  };
  const next = { startMs: 5_000, endMs: 3_605_000 };
  expect(tailStartOf(before, next, 15_000, 3_605_000)).toBe(3_540_000);
  expect(tailStartOf(undefined, next, 15_000, 3_605_000)).toBeUndefined();
  expect(tailStartOf(before, next, 30_000, 3_605_000)).toBeUndefined();
  expect(tailStartOf(before, next, 15_000, 3_600_000 + 400_000)).toBeUndefined();
  const earlier = { startMs: -60_000, endMs: 3_605_000 };
  expect(tailStartOf(before, earlier, 15_000, 3_605_000)).toBeUndefined();
  const far = { startMs: 3_000_000, endMs: 6_600_000 };
  expect(tailStartOf(before, far, 15_000, 3_605_000)).toBeUndefined();
});
