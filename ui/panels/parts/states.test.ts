import { expect, test } from "bun:test";
import { frameOf, numbers, sampleEndMs, texts, timeField } from "./sample_frames.ts";
import { rowsMax, sharesOf, stateAt, statesOf } from "./states.ts";

const window = { startMs: sampleEndMs - 3_600_000, endMs: sampleEndMs };
const given = { merge: true, window, stepMs: 60_000, dark: false, timeZone: "utc" };
const at = (i: number): number => sampleEndMs - (3 - i) * 60_000;

test("statesOf() makes one state of equal neighbours, and a gap of a missing value", () => {
  const frame = frameOf("", [timeField(4), numbers("up", [1, 1, Number.NaN, 0])]);
  const [row] = statesOf([frame], given).rows;
  expect(row?.values.map(({ startMs, endMs, text }) => [startMs, endMs, text])).toEqual([
    [at(0), at(2), "1"],
    [at(3), sampleEndMs, "0"],
  ]);
  expect(statesOf([frame], { ...given, merge: false }).rows[0]?.values.length).toBe(3);
});

test("statesOf() takes texts and colours of mappings", () => {
  const mappings = [{ kind: "value" as const, value: "1", result: { text: "up", color: "green" } }];
  const frame = frameOf("", [timeField(4), numbers("up", [1, 1, 1, 1], { mappings })]);
  const { legend, rows } = statesOf([frame], given);
  expect(legend.map(({ name }) => name)).toEqual(["up"]);
  expect(rows[0]?.values.length).toBe(1);
  expect(legend[0]?.color).toMatch(/^#/);
});

test("stateAt() finds the state of a moment, and none in a gap", () => {
  const frame = frameOf("", [timeField(4), texts("state", ["a", "", "", "b"])]);
  const row = statesOf([frame], given).rows[0] ?? { name: "", values: [] };
  expect(stateAt(row, at(0) + 1)?.text).toBe("a");
  expect(stateAt(row, at(2))).toBeUndefined();
  expect(stateAt(row, at(3))?.text).toBe("b");
});

test("sharesOf() says how long each state stood", () => {
  const frame = frameOf("", [timeField(4), texts("state", ["a", "a", "b", "b"])]);
  const row = statesOf([frame], given).rows[0] ?? { name: "", values: [] };
  expect(sharesOf(row)).toBe("a 66.7 %, b 33.3 %");
});

test("statesOf() keeps no more rows than its limit, and counts the rest", () => {
  const fields = Array.from({ length: rowsMax + 5 }, (_, i) => numbers(`n${i}`, [1]));
  expect(statesOf([frameOf("", [timeField(1), ...fields])], given).rowsLeft).toBe(5);
});
