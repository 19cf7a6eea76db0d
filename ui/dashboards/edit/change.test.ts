import { describe, expect, test } from "bun:test";
import { Dashboard, Panel } from "#shared/dashboards/dashboard.ts";
import {
  nextId,
  panelOf,
  rowOf,
  withDuplicate,
  withMovedRow,
  withoutPanel,
  withoutRow,
  withPanel,
  withPanelInRow,
  withPlaces,
  withRow,
} from "./change.ts";
import { changed, redone, startHistory, undone } from "./history.ts";
import { nudged } from "./place.ts";

const panel = (id: number, x: number, y: number, w = 12, h = 8): Panel =>
  Panel.parse({ id, kind: "timeseries", title: `p${id}`, place: { x, y, w, h } });
const board = Dashboard.parse({
  title: "t",
  rows: [
    { id: 1, panels: [panel(2, 0, 0), panel(3, 12, 0), panel(4, 0, 8)] },
    { id: 5, title: "more", panels: [panel(6, 0, 0)] },
  ],
});
const draft = Panel.parse({ id: 1, kind: "stat", place: { x: 0, y: 0, w: 12, h: 8 } });
const idsOf = (dashboard: Dashboard) => dashboard.rows.map((row) => row.panels.map(({ id }) => id));

describe("changes", () => {
  test("a new panel gets an id of its own and the first gap that takes it", () => {
    const { dashboard, id } = withPanel(board, draft);
    expect(id).toBe(7);
    expect(panelOf(dashboard, id)?.place).toEqual({ x: 12, y: 8, w: 12, h: 8 });
    expect(Dashboard.safeParse(dashboard).success).toBe(true);
    expect(idsOf(board)).toEqual([[2, 3, 4], [6]]);
  });

  test("an empty dashboard gets its first row with its first panel", () => {
    const made = withPanel(Dashboard.parse({ title: "t" }), draft).dashboard;
    expect(idsOf(made)).toEqual([[1]]);
    expect(Dashboard.safeParse(made).success).toBe(true);
  });

  test("panels are duplicated, moved between rows and taken away", () => {
    const copy = withDuplicate(board, 2);
    expect(rowOf(copy.dashboard, copy.id)?.id).toBe(1);
    expect(idsOf(withPanelInRow(board, 3, 5))).toEqual([
      [2, 4],
      [6, 3],
    ]);
    expect(idsOf(withoutPanel(board, 6))).toEqual([[2, 3, 4], []]);
  });

  test("rows are added, moved, and taken away with or without their panels", () => {
    expect(withRow(board, "new").rows.at(-1)).toMatchObject({ id: nextId(board), title: "new" });
    expect(withMovedRow(board, 5, -1).rows.map(({ id }) => id)).toEqual([5, 1]);
    expect(withMovedRow(board, 1, -1)).toBe(board);
    expect(idsOf(withoutRow(board, 5, true))).toEqual([[2, 3, 4, 6]]);
    expect(panelOf(withoutRow(board, 5, true), 6)?.place.y).toBe(16);
    expect(idsOf(withoutRow(board, 1, false))).toEqual([[6]]);
  });

  test("places that are as they were leave the document itself", () => {
    expect(withPlaces(board, 1, new Map([[2, { x: 0, y: 0, w: 12, h: 8 }]]))).toBe(board);
    const next = withPlaces(board, 1, new Map([[2, { x: 0, y: 0, w: 6, h: 8 }]]));
    expect(panelOf(next, 2)?.place.w).toBe(6);
  });
});

const places = (by: { dx?: number; dy?: number; resize?: boolean }, id = 2) =>
  nudged(board.rows[0]?.panels ?? [], id, { dx: 0, dy: 0, resize: false, ...by });

describe("by keyboard", () => {
  test("a wider panel pushes its neighbour below, and stays within the grid", () => {
    expect(places({ dx: 1, resize: true }).get(2)).toEqual({ x: 0, y: 0, w: 13, h: 8 });
    expect(places({ dx: 1, resize: true }).get(3)?.y).toBe(8);
    expect(places({ dx: 99, resize: true }).get(2)?.w).toBe(24);
    expect(places({ dx: -99, resize: true }).get(2)?.w).toBe(1);
  });

  test("down is past the neighbour below, up is back, and sideways ends at the border", () => {
    const down = places({ dy: 1 });
    expect([down.get(2)?.y, down.get(4)?.y]).toEqual([8, 0]);
    expect(places({ dy: -1 }, 4).get(4)?.y).toBe(0);
    expect(places({ dx: -1 }).get(2)?.x).toBe(0);
  });
});

test("undo and redo walk the steps, and typing on in one field is one step", () => {
  let history = startHistory("");
  for (const text of ["a", "ab", "abc"]) history = changed(history, text, "title");
  history = changed(history, "other", "move");
  expect(undone(history).present).toBe("abc");
  expect(undone(undone(history)).present).toBe("");
  expect(undone(undone(undone(history))).present).toBe("");
  expect(redone(undone(history)).present).toBe("other");
  expect(changed(undone(history), "x").future).toEqual([]);
});
