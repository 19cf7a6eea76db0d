import type { View } from "./explore_search.ts";

/** A kind of panel with the options that make it look as chosen; the same on the page and on a dashboard. */
export type PanelLook = {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly custom: Readonly<Record<string, unknown>>;
};

const none = {};
const looks: Readonly<Record<View, PanelLook>> = {
  lines: { kind: "timeseries", options: none, custom: none },
  bars: { kind: "timeseries", options: none, custom: { draw: "bars", fill_opacity: 80 } },
  stacked: { kind: "timeseries", options: none, custom: { stack: "normal", fill_opacity: 60 } },
  points: { kind: "timeseries", options: none, custom: { draw: "points" } },
  heatmap: { kind: "heatmap", options: none, custom: none },
  table: { kind: "table", options: none, custom: none },
  raw: { kind: "table", options: none, custom: none },
};

export function panelOf(view: View): PanelLook {
  return looks[view];
}
