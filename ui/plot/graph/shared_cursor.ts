import type uPlot from "uplot";
import { onPointed, pointAt } from "../crosshair.ts";

/** Whose place the crosshair of a chart has. */
export type CursorOwner = "own" | "other" | "none";

export type SharedCursor = {
  /** To be called whenever the cursor was set. */
  readonly told: () => void;
  readonly owner: () => CursorOwner;
  readonly end: () => void;
};

/** Sends where a chart's crosshair is to the others of its group, and puts it where that of another is. */
export function shareCursor(chart: uPlot, group: string): SharedCursor {
  let owner: CursorOwner = "none";
  let isFollowing = false;
  const end = onPointed(group, chart, (ms) => {
    owner = ms === undefined ? "none" : "other";
    const left = ms === undefined ? -10 : chart.valToPos(ms, "x");
    const isIn = left >= 0 && left <= chart.over.clientWidth;
    isFollowing = true;
    chart.setCursor(isIn ? { left, top: chart.over.clientHeight / 2 } : { left: -10, top: -10 });
    isFollowing = false;
  });
  return {
    told: () => {
      if (isFollowing) return;
      const { left = -1 } = chart.cursor;
      const hasFocus = chart.root.parentElement?.matches(":focus") === true;
      // A drawing tells of the cursor, too, wherever it is from.
      const isOwn = chart.over.matches(":hover") || (hasFocus && owner !== "other");
      if (isOwn && left >= 0) {
        owner = "own";
        pointAt(group, chart, chart.posToVal(left, "x"));
      } else if (owner === "own" && left < 0) {
        owner = "none";
        pointAt(group, chart, undefined);
      }
    },
    owner: () => owner,
    end: () => {
      if (owner === "own") pointAt(group, chart, undefined);
      end();
    },
  };
}
