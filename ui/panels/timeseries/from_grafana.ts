import { isReducer } from "../../frames/reduce.ts";
import type { GrafanaPanelSource, ImportNote, PanelKind } from "../panel_kind.ts";
import {
  isRecord,
  readGrafana,
  tooltipSizes,
  type GrafanaDefaults,
  type GrafanaReader,
} from "../parts/grafana_reader.ts";

type Made = ReturnType<PanelKind["fromGrafana"]>;

/** Options of Grafana's time series, and of its older graph. */
export function timeSeriesFromGrafana(source: GrafanaPanelSource, note: ImportNote): Made {
  if (source.type === "graph") return oldGraph(source, note);
  const from = readGrafana(source, note);
  return from.done(graphOptions(from, note), graphStyle(from, note));
}

function graphOptions(from: GrafanaReader, note: ImportNote): Record<string, unknown> {
  const isShown = from.flag("options.legend.showLegend");
  const mode = from.choice("options.legend.displayMode", ["table", "list", "hidden"] as const);
  const calcs = from.texts("options.legend.calcs");
  for (const calc of calcs ?? []) {
    if (!isReducer(calc)) note("options.legend.calcs", `${calc} is no figure that is known here`);
  }
  const sort = from.text("options.legend.sortBy");
  const figure = sort === undefined ? undefined : sortFigure(sort);
  if (sort !== undefined && sort !== "" && figure === undefined)
    note("options.legend.sortBy", `${sort.slice(0, 40)} is no figure that is known here`);
  from.drop({
    "options.legend.width": [],
    "options.orientation": ["horizontal"],
    "options.timezone": [["browser"], [""]],
    "options.timeCompare": [false],
    "options.annotations": [{ multiLane: false, clustering: -1 }],
    ...tooltipSizes,
  });
  const tooltip = from.choice("options.tooltip.mode", ["all", "single", "off"] as const, {
    multi: "all",
    none: "off",
  });
  return {
    legend: isShown === false ? "hidden" : mode,
    legend_at: from.choice("options.legend.placement", ["bottom", "right"] as const),
    legend_calcs: calcs?.filter(isReducer),
    legend_sort: figure,
    legend_down: from.flag("options.legend.sortDesc"),
    tooltip,
    tooltip_sort: from.choice("options.tooltip.sort", ["none", "up", "down"] as const, {
      asc: "up",
      desc: "down",
    }),
    tooltip_zeros: from.flag("options.tooltip.hideZeros") === true ? false : undefined,
  };
}

const figures: Readonly<Record<string, string>> = {
  name: "name",
  "last *": "lastNotNull",
  last: "last",
  min: "min",
  max: "max",
  mean: "mean",
  avg: "mean",
  total: "sum",
  sum: "sum",
  current: "lastNotNull",
  count: "count",
  range: "range",
  "first *": "firstNotNull",
};

/** Grafana keeps the figure's name there, not its id. */
function sortFigure(name: string): string | undefined {
  return figures[name.toLowerCase()] ?? (isReducer(name) ? name : undefined);
}

/** Options of a field; only those that are given, for an override sets no others. */
function graphStyle(from: GrafanaReader, note: ImportNote): Record<string, unknown> {
  const transform = from.text("custom.transform");
  if (transform === "constant") note("custom.transform", "a constant line has no counterpart here");
  const width = from.number("custom.lineWidth", 0, 10);
  return {
    draw: from.choice("custom.drawStyle", ["lines", "bars", "points"] as const, { line: "lines" }),
    line: from.choice(
      "custom.lineInterpolation",
      ["linear", "smooth", "step_before", "step_after"] as const,
      {
        stepBefore: "step_before",
        stepAfter: "step_after",
      },
    ),
    line_width: width,
    dash: dashOf(from, note),
    fill_opacity: from.number("custom.fillOpacity", 0, 100),
    gradient: from.choice("custom.gradientMode", ["none", "opacity", "hue", "scheme"] as const),
    points: from.choice("custom.showPoints", ["auto", "always", "never"] as const),
    point_size: from.number("custom.pointSize", 1, 40),
    bar_width: from.number("custom.barWidthFactor", 0.1, 1),
    bar_align: barAlign(from),
    ...nulls(from),
    ...stacking(from),
    negative: transform === "negative-Y" ? true : undefined,
    fill_below_to: from.text("custom.fillBelowTo"),
    ...hidden(from),
    ...axis(from, note),
    thresholds: from.choice(
      "custom.thresholdsStyle.mode",
      ["off", "line", "dashed", "area", "line_area", "dashed_area"] as const,
      {
        "line+area": "line_area",
        "dashed+area": "dashed_area",
      },
    ),
  };
}

function dashOf(from: GrafanaReader, note: ImportNote): string | undefined {
  const fill = from.any("custom.lineStyle.fill");
  if (fill === "square") note("custom.lineStyle.fill", '"square" becomes dotted');
  from.drop(
    { "custom.lineStyle.dash": fill === "dot" ? [[0, 10]] : fill === "dash" ? [[10, 10]] : [] },
    "are lengths that are not kept",
  );
  return from.choice("custom.lineStyle.fill", ["solid", "dashed", "dotted"] as const, {
    dash: "dashed",
    dot: "dotted",
    square: "dotted",
  });
}

function barAlign(from: GrafanaReader): string | undefined {
  const align = from.number("custom.barAlignment", -1, 1);
  from.drop({ "custom.barMaxWidth": [] });
  if (align === undefined) return undefined;
  return align < 0 ? "before" : align > 0 ? "after" : "center";
}

function nulls(from: GrafanaReader): Record<string, unknown> {
  const span = from.any("custom.spanNulls");
  from.drop({ "custom.insertNulls": [false] });
  if (typeof span === "number" && span > 0) return { nulls: "connect_below", nulls_below_ms: span };
  return { nulls: span === true ? "connect" : span === false ? "gap" : undefined };
}

function stacking(from: GrafanaReader): Record<string, unknown> {
  const mode = from.choice("custom.stacking.mode", ["none", "normal", "percent"] as const);
  const group = from.any("custom.stacking.group");
  // Not only texts tell groups apart: people keep a series out of the stack by the group `false`.
  const own = typeof group === "string" || typeof group === "boolean" ? String(group) : undefined;
  return { stack: mode, stack_group: own?.slice(0, 100) };
}

function hidden(from: GrafanaReader): Record<string, unknown> {
  const hide = from.any("custom.hideFrom");
  if (!isRecord(hide)) return {};
  const flag = (name: string): true | undefined => (hide[name] === true ? true : undefined);
  return {
    hidden: flag("viz"),
    hidden_in_legend: flag("legend"),
    hidden_in_tooltip: flag("tooltip"),
  };
}

function axis(from: GrafanaReader, note: ImportNote): Record<string, unknown> {
  const base = from.number("custom.scaleDistribution.log");
  if (base !== undefined && base !== 2 && base !== 10)
    note("custom.scaleDistribution.log", `${base} becomes 10`);
  const threshold = from.number("custom.scaleDistribution.linearThreshold");
  const grid = from.any("custom.axisGridShow");
  from.drop({ "custom.axisBorderShow": [false], "custom.axisColorMode": ["text"] });
  const label = from.text("custom.axisLabel");
  return {
    axis: from.choice("custom.axisPlacement", ["auto", "left", "right", "hidden"] as const),
    axis_label: label === "" ? undefined : label,
    axis_width: from.number("custom.axisWidth", 0, 500),
    soft_min: from.number("custom.axisSoftMin"),
    soft_max: from.number("custom.axisSoftMax"),
    scale: from.choice("custom.scaleDistribution.type", ["linear", "log", "symlog"] as const),
    log_base: base === undefined ? undefined : base === 2 ? 2 : 10,
    symlog_threshold: threshold !== undefined && threshold > 0 ? threshold : undefined,
    centered_zero: from.flag("custom.axisCenteredZero"),
    grid: grid === true ? "on" : grid === false ? "off" : undefined,
  };
}

/** The graph of versions before 8, which kept its options on the panel itself. */
function oldGraph(source: GrafanaPanelSource, note: ImportNote): Made {
  const from = readGrafana(source, note);
  const drawn =
    from.flag("panel.bars") === true
      ? "bars"
      : from.flag("panel.lines") === false
        ? "points"
        : "lines";
  const fill = from.number("panel.fill", 0, 10);
  const isStacked = from.flag("panel.stack") === true;
  const nullMode = from.text("panel.nullPointMode");
  if (nullMode === "null as zero") note("panel.nullPointMode", "gaps are not drawn as zero");
  const axes = from.any("panel.yaxes");
  const first: unknown = Array.isArray(axes) ? axes[0] : undefined;
  if (isRecord(first) && first["show"] === false) note("panel.yaxes", "the left axis is shown");
  const base = isRecord(first) ? Number(first["logBase"] ?? 1) : 1;
  if (base > 1 && base !== 2 && base !== 10)
    note("panel.yaxes", `the logarithm of ${base} becomes that of 10`);
  const label = isRecord(first) && typeof first["label"] === "string" ? first["label"] : undefined;
  from.drop(oldLook);
  const radius = from.number("panel.pointradius", 0.5, 20);
  return from.done(
    { ...oldLegend(from), ...oldTooltip(from) },
    {
      point_size: drawn === "points" && radius !== undefined ? radius * 2 : undefined,
      draw: drawn,
      line: from.flag("panel.steppedLine") === true ? "step_after" : undefined,
      line_width: from.number("panel.linewidth", 0, 10),
      fill_opacity: fill === undefined ? undefined : fill * 10,
      points: from.flag("panel.points") === true ? "always" : undefined,
      stack: isStacked
        ? from.flag("panel.percentage") === true
          ? "percent"
          : "normal"
        : undefined,
      nulls: nullMode === "connected" ? "connect" : undefined,
      scale: base > 1 ? "log" : undefined,
      log_base: base > 1 ? (base === 2 ? 2 : 10) : undefined,
      axis_label: label === "" ? undefined : label,
      thresholds: oldThresholds(from, note),
    },
  );
}

/** All thresholds of a graph are drawn in one way here: as lines, grounds or both. */
function oldThresholds(from: GrafanaReader, note: ImportNote): string | undefined {
  const given = from.any("panel.thresholds");
  const drawn = (Array.isArray(given) ? given.filter(isRecord) : []).map(
    ({ line, fill, yaxis }) => {
      if (yaxis === "right") note("panel.thresholds", "those of the right axis stand on the left");
      return `${line === true ? "line" : ""}${fill === true ? "area" : ""}`;
    },
  );
  if (new Set(drawn).size > 1)
    note("panel.thresholds", "lines and grounds are drawn for all of them, or for none");
  const all = drawn.join("");
  const [hasLine, hasArea] = [all.includes("line"), all.includes("area")];
  return hasArea ? (hasLine ? "line_area" : "area") : hasLine ? "line" : undefined;
}

/** Of the old graph nothing is made of these. With Grafana's defaults. */
const oldLook: GrafanaDefaults = {
  "panel.dashes": [false],
  "panel.dashLength": [10],
  "panel.spaceLength": [10],
  "panel.fillGradient": [0],
  "panel.renderer": ["flot"],
  "panel.hiddenSeries": [false],
  "panel.timeRegions": [],
  "panel.zerofill": [true, false],
  "panel.xaxis.mode": ["time"],
  "panel.xaxis.show": [true],
  "panel.xaxis.buckets": [],
  "panel.xaxis.name": [],
  "panel.xaxis.values": [],
  "panel.yaxis": [{ align: false }],
  "panel.legend.hideEmpty": [false],
  "panel.legend.hideZero": [false],
  "panel.legend.sideWidth": [],
  "panel.tooltip.value_type": ["individual", "cumulative"],
};

function oldTooltip(from: GrafanaReader): Record<string, unknown> {
  const isShared = from.flag("panel.tooltip.shared");
  const sort = from.number("panel.tooltip.sort", 0, 2);
  return {
    tooltip: isShared === undefined ? undefined : isShared ? "all" : "single",
    tooltip_sort: sort === undefined ? undefined : sort === 0 ? "none" : sort === 1 ? "up" : "down",
  };
}

function oldLegend(from: GrafanaReader): Record<string, unknown> {
  const shown = ["current", "min", "max", "avg", "total"].filter(
    (name) => from.flag(`panel.legend.${name}`) === true,
  );
  const calcs = shown.map((name) => figures[name] ?? name);
  const sort = from.text("panel.legend.sort");
  return {
    legend:
      from.flag("panel.legend.show") === false
        ? "hidden"
        : from.flag("panel.legend.alignAsTable") === true
          ? "table"
          : "list",
    legend_at: from.flag("panel.legend.rightSide") === true ? "right" : undefined,
    legend_calcs: calcs,
    legend_sort: sort === undefined ? undefined : sortFigure(sort),
    legend_down: from.flag("panel.legend.sortDesc"),
  };
}
