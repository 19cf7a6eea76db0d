import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import {
  dropTooltip,
  hideFromGrafana,
  isRecord,
  readGrafana,
  type GrafanaDefaults,
  type GrafanaReader,
} from "../parts/grafana_reader.ts";
import { heatScales } from "./options.ts";

/** Grafana's schemes by d3's names. */
const schemes: Readonly<Record<string, (typeof heatScales)[number]>> = {
  Viridis: "viridis",
  Cividis: "cividis",
  Magma: "magma",
  Plasma: "plasma",
  Inferno: "inferno",
  Blues: "blues",
  Greens: "greens",
  Reds: "reds",
  Oranges: "reds",
  Purples: "purples",
  RdYlGn: "RdYlGr",
  Turbo: "viridis",
  Spectral: "RdYlGr",
};

/** What nothing is made of, with Grafana's defaults. */
const look: GrafanaDefaults = {
  "options.rowsFrame": [{ layout: "auto" }],
  "options.showValue": ["auto", "never"],
  "options.exemplars": [{ color: "rgba(255,0,255,0.7)" }],
  "options.color.steps": [64],
  "options.color.scale": ["exponential"],
  "options.color.fill": ["dark-orange"],
  "options.yAxis.axisPlacement": ["left"],
  "options.yAxis.reverse": [false],
  "options.filterValues.ge": [],
  "options.selectionMode": ["x"],
  "options.legend.placement": ["bottom"],
  "options.tooltip.yHistogram": [false],
  "options.tooltip.showColorScale": [false],
  "options.cellRadius": [0],
  "options.cellValues": [],
  "options.calculation.xBuckets": [{ mode: "size" }],
  "options.calculation.yBuckets.scale": [{ type: "linear" }],
  "custom.scaleDistribution": [{ type: "linear" }],
};

/** The same of the heatmap before Grafana 9. */
const oldLook: GrafanaDefaults = {
  "panel.heatmap": [],
  "panel.color.mode": ["spectrum"],
  "panel.color.colorScale": ["sqrt", "linear"],
  "panel.cards": [],
  "panel.tooltip.show": [true],
  "panel.tooltip.showHistogram": [false],
  "panel.tooltipDecimals": [],
  "panel.xAxis.show": [true],
  "panel.yAxis.show": [true],
  "panel.yAxis.decimals": [],
  "panel.yAxis.logBase": [1],
  "panel.yAxis.max": [],
  "panel.yAxis.min": [],
  "panel.yAxis.splitFactor": [],
  "panel.xBucketNumber": [],
  "panel.xBucketSize": [],
  "panel.yBucketBound": ["auto"],
  "panel.yBucketNumber": [],
  "panel.yBucketSize": [],
  "panel.hideZeroBuckets": [false],
  "panel.highlightCards": [true],
  "panel.reverseYBuckets": [false],
};

/** The heatmap of Grafana 9 and later, and the one before, which kept its options on the panel. */
export function heatmapFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  from.drop(look);
  const isOld = !isRecord(source.options["color"]) && isRecord(source.panel["color"]);
  if (isOld) from.drop(oldLook);
  dropTooltip(from);
  const scheme =
    from.text("options.color.scheme") ??
    from.text("panel.color.colorScheme")?.replace(/^interpolate/, "");
  const scale = scheme === undefined ? undefined : schemes[scheme];
  if (scheme !== undefined && scheme !== "" && scale === undefined) {
    note(
      "options.color.scheme",
      `the colours ${JSON.stringify(scheme.slice(0, 40))} become viridis`,
    );
  }
  if (scheme === "Turbo" || scheme === "Spectral")
    note("options.color.scheme", `the colours "${scheme}" become others: ${scale ?? ""}`);
  const mode = from.text("options.color.mode");
  if (mode === "opacity")
    note("options.color.mode", "shades of one colour become a scale of colours");
  const hide = from.number("options.filterValues.le");
  return from.done(
    {
      calculate:
        from.flag("options.calculate") ??
        (isOld ? from.text("panel.dataFormat") !== "tsbuckets" : undefined),
      buckets: rowsOf(from, note),
      scale,
      reverse: from.flag("options.color.reverse"),
      exponent: from.number("options.color.exponent", 0.1, 2),
      color_min:
        from.number("options.color.min") ?? (isOld ? from.number("panel.color.min") : undefined),
      color_max:
        from.number("options.color.max") ?? (isOld ? from.number("panel.color.max") : undefined),
      hide_below: hide,
      unit: from.text("options.yAxis.unit") ?? from.text("panel.yAxis.format"),
      axis_label: from.text("options.yAxis.axisLabel"),
      gap: from.whole("options.cellGap", 0, 10),
      show_legend: from.flag("options.legend.show") ?? from.flag("panel.legend.show"),
    },
    { hide: hideFromGrafana(from) },
  );
}

/** Rows by their count are kept; Grafana writes it as a number or as a text of one. */
function rowsOf(from: GrafanaReader, note: ImportNote): number | undefined {
  const at = "options.calculation.yBuckets";
  const value = from.any(`${at}.value`);
  const mode = from.any(`${at}.mode`);
  if (value === undefined || value === null || value === "") return undefined;
  const count = Number(value);
  if (mode !== "count" || !Number.isInteger(count) || count < 2 || count > 200) {
    note(at, `${JSON.stringify(value).slice(0, 40)} is not kept: expected a count of 2 to 200`);
    return undefined;
  }
  return count;
}
