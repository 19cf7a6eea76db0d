import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import {
  axisDefaults,
  dropTooltip,
  hideFromGrafana,
  isRecord,
  legendFromGrafana,
  readGrafana,
  type GrafanaDefaults,
  type GrafanaReader,
} from "../parts/grafana_reader.ts";

/** How points and lines look in Grafana, with its defaults. */
const look: GrafanaDefaults = {
  ...Object.fromEntries(
    Object.entries(axisDefaults).filter(([path]) => !/axisLabel|scaleDistribution/.test(path)),
  ),
  "options.dims.frame": [0],
  "options.dims.exclude": [],
  "custom.pointShape": ["circle"],
  "custom.pointStrokeWidth": [1],
  "custom.pointSize.min": [1],
  "custom.fillOpacity": [50],
  "custom.lineWidth": [1],
  "custom.lineStyle": [{ fill: "solid" }],
  "custom.scaleDistribution.log": [10],
};

/** The plain column names of Grafana 10 and older, and the matchers of later ones. */
export function xyChartFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  from.drop(look);
  dropTooltip(from);
  // Told by what the series name.
  from.choice("options.seriesMapping", ["auto", "manual"] as const);
  from.choice("options.mapping", ["auto", "manual"] as const);
  const given = source.options["series"];
  const series = (Array.isArray(given) ? given.slice(0, 50) : []).map((_, i) =>
    seriesOf(from, `options.series.${i}`, note),
  );
  // One that names no y is Grafana's "auto": every column of numbers.
  const named = series.filter(({ y }) => y !== "");
  const scale = from.choice("custom.scaleDistribution.type", ["linear", "log"] as const);
  const x = from.text("options.dims.x");
  return from.done(
    {
      x: x ?? series[0]?.x ?? "",
      series: named,
      show: from.choice("custom.show", ["points", "lines", "both"] as const, {
        "points+lines": "both",
      }),
      point_size: from.whole("custom.pointSize.fixed", 1, 50),
      point_size_max: from.whole("custom.pointSize.max", 1, 100),
      legend: legendFromGrafana(from),
    },
    {
      axis_label: from.text("custom.axisLabel"),
      log: scale === "log" ? true : undefined,
      hide: hideFromGrafana(from),
    },
  );
}

/** What a series has besides these is named as unread. */
function seriesOf(from: GrafanaReader, at: string, note: ImportNote) {
  const name = (path: string): string => nameOf(from.any(`${at}.${path}`), `${at}.${path}`, note);
  from.drop({ [`${at}.frame`]: [0, { matcher: { id: "byIndex", options: 0 } }] });
  return {
    name: name("name"),
    x: name("x"),
    y: name("y"),
    size: name("size") || name("pointSize.field"),
    color: name("color") || name("pointColor.field"),
  };
}

/** A name, { fixed: name }, or { matcher: { id: "byName", options: name } }. */
function nameOf(value: unknown, path: string, note: ImportNote): string {
  if (typeof value === "string") return value.slice(0, 500);
  if (!isRecord(value)) return "";
  if (typeof value["fixed"] === "string") return value["fixed"].slice(0, 500);
  const matcher = value["matcher"];
  if (!isRecord(matcher)) return "";
  if (matcher["id"] === "byName" && typeof matcher["options"] === "string") {
    return matcher["options"].slice(0, 500);
  }
  note(path, "only columns chosen by name are carried over");
  return "";
}
