import { expect, test } from "bun:test";
import { legendBeside, legendRoom, listRows } from "./legend_room.ts";

test("a legend has whole rows in panels of any height", () => {
  for (let height = 120; height < 600; height++) {
    for (const rows of [2, 5, 100]) expect((legendRoom(rows, height) - 4) % 22).toBe(0);
    expect((legendBeside(height) - 4) % 22).toBe(0);
    expect(legendBeside(height)).toBeLessThanOrEqual(height);
  }
  expect(legendRoom(3, 600)).toBe(70);
  expect(legendRoom(100, 300)).toBe(114);
});

test("listRows() lets as many names into a row as have room, and a longer one than that is alone", () => {
  const long = "a".repeat(200);
  expect(listRows(["up", "down"], 0, 400)).toBe(1);
  expect(listRows(["up", "down", "unknown"], 2, 400)).toBe(3);
  expect(listRows([long, "up", long], 0, 400)).toBe(3);
  expect(listRows([long], 0, 100)).toBe(1);
});
