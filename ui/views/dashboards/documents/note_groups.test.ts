import { expect, test } from "bun:test";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { noteGroups } from "./note_groups.ts";

test("notes stand under the titles of their panels, in the panels' order, those of no panel first", () => {
  const place = { x: 0, y: 0, w: 12, h: 8 };
  const dashboard = Dashboard.parse({
    title: "t",
    rows: [
      {
        id: 1,
        panels: [
          { id: 3, kind: "stat", title: 'Loads: "all"', place },
          { id: 2, kind: "stat", place: { ...place, x: 12 } },
        ],
      },
    ],
  });
  const notes = [
    { path: "panel 2: options.x", why: "is new" },
    { path: 'panel 3 "Loads": A: expr', why: "is old" },
    { path: "liveNow", why: "is gone" },
    { path: 'panel 3 "Loads"', why: "is whole" },
    { path: 'panel 9 "Lost": y', why: "is far" },
  ];
  expect(noteGroups(notes, dashboard)).toEqual([
    { key: "", title: "The dashboard", notes: [{ path: "liveNow", why: "is gone" }] },
    {
      key: "3",
      title: "Loads",
      notes: [
        { path: "A: expr", why: "is old" },
        { path: "", why: "is whole" },
      ],
    },
    { key: "2", title: "Panel 2", notes: [{ path: "options.x", why: "is new" }] },
    { key: "9", title: "Lost", notes: [{ path: "y", why: "is far" }] },
  ]);
});
