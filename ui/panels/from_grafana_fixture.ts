import { expect } from "bun:test";
import { panelKinds } from "./registry.ts";

export type Members = Readonly<Record<string, unknown>>;

/** A kind's reading of a panel of Grafana's, checked by its schemas. */
export function read(type: string, options: Members, custom: Members = {}, panel: Members = {}) {
  const kind = panelKinds.find((each) => each.grafanaTypes.includes(type) || each.kind === type);
  if (kind === undefined) throw new Error(`no kind reads ${type}`);
  const notes: string[] = [];
  const made = kind.fromGrafana({ type, options, custom, panel }, (path) => notes.push(path));
  expect([type, kind.options.safeParse(made.options).error?.message]).toEqual([type, undefined]);
  expect([type, kind.fieldOptions.safeParse(made.custom).error?.message]).toEqual([
    type,
    undefined,
  ]);
  return { ...made, notes: notes.toSorted() };
}

export const legend = { calcs: [], displayMode: "list", placement: "bottom", showLegend: true };
export const tooltip = { mode: "single", sort: "none", hideZeros: false };
export const hideFrom = { legend: false, tooltip: false, viz: false };
export const reduceOptions = { calcs: ["lastNotNull"], fields: "", values: false };
export const axis = {
  axisBorderShow: false,
  axisCenteredZero: false,
  axisColorMode: "text",
  axisLabel: "",
  axisPlacement: "auto",
  scaleDistribution: { type: "linear" },
  hideFrom,
};
export const lines = {
  ...axis,
  barAlignment: 0,
  barWidthFactor: 0.6,
  drawStyle: "line",
  fillOpacity: 0,
  gradientMode: "none",
  insertNulls: false,
  lineInterpolation: "linear",
  lineStyle: { fill: "solid" },
  lineWidth: 1,
  pointSize: 5,
  showPoints: "auto",
  spanNulls: false,
  stacking: { group: "A", mode: "none" },
  thresholdsStyle: { mode: "off" },
};
export const states = { fillOpacity: 70, lineWidth: 0, hideFrom };
