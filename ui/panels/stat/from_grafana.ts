import type { GrafanaPanelSource, ImportNote, PanelKind } from "../panel_kind.ts";
import { isRecord, readGrafana, type GrafanaDefaults } from "../parts/grafana_reader.ts";
import { oldReducers, reduceFromGrafana } from "../parts/reduce_options.ts";

type Made = ReturnType<PanelKind["fromGrafana"]>;

/** Grafana's stat, and the single stat before it. */
export function statFromGrafana(source: GrafanaPanelSource, note: ImportNote): Made {
  if (source.type === "singlestat") return oldStat(source, note);
  const from = readGrafana(source, note);
  from.drop({ "options.wideLayout": [true], "options.text.percentSize": [] });
  if (source.options["graphMode"] === "line") note("options.graphMode", '"line" becomes an area');
  const made = {
    reduce: reduceFromGrafana(from, note),
    orientation: from.choice("options.orientation", ["auto", "horizontal", "vertical"] as const),
    text: from.choice("options.textMode", [
      "auto",
      "value",
      "value_and_name",
      "name",
      "none",
    ] as const),
    color: from.choice("options.colorMode", [
      "none",
      "value",
      "background",
      "background_solid",
    ] as const),
    graph: from.choice("options.graphMode", ["none", "area"] as const, { line: "area" }),
    align: from.choice("options.justifyMode", ["auto", "center"] as const),
    change: from.flag("options.showPercentChange"),
    change_color: from.choice("options.percentChangeColorMode", [
      "standard",
      "inverted",
      "same_as_value",
    ] as const),
    title_px: from.number("options.text.titleSize", 0, 200),
    value_px: from.number("options.text.valueSize", 0, 400),
  };
  // Grafana's stat has nothing of a field of its own: what stands there is left over from another kind.
  from.any("custom");
  return { options: from.done(made).options, custom: {} };
}

/** Of the single stat nothing is made of these. With Grafana's defaults. */
const oldLook: GrafanaDefaults = {
  "panel.prefix": [],
  "panel.postfix": [],
  "panel.valueFontSize": ["80%"],
  "panel.prefixFontSize": ["50%"],
  "panel.postfixFontSize": ["50%"],
  "panel.colorPrefix": [false],
  "panel.colorPostfix": [false],
  "panel.nullPointMode": ["connected", "null"],
  "panel.tableColumn": [],
  "panel.gauge.show": [false],
  "panel.sparkline.full": [false],
  "panel.sparkline.ymin": [],
  "panel.sparkline.ymax": [],
};

function oldStat(source: GrafanaPanelSource, note: ImportNote): Made {
  const from = readGrafana(source, note);
  const name = from.text("panel.valueName");
  const sparkline = from.any("panel.sparkline");
  const isBackground = from.flag("panel.colorBackground") === true;
  const isValue = from.flag("panel.colorValue") === true;
  const reducer = name === undefined ? undefined : oldReducers[name];
  if (name !== undefined && reducer === undefined)
    note("panel.valueName", `"${name.slice(0, 40)}" is no figure that is known here`);
  from.drop(oldLook);
  return from.done({
    reduce: reducer === undefined ? {} : { reducer },
    color: isBackground ? "background" : isValue ? "value" : "none",
    graph: isRecord(sparkline) && sparkline["show"] === true ? "area" : "none",
  });
}
