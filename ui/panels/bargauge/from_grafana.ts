import type { GrafanaPanelSource, ImportNote, PanelKind } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";
import { reduceFromGrafana } from "../parts/reduce_options.ts";

/** Grafana's bar gauge. Its sizes are left to the panel's own; a field has nothing of its own there. */
export function barGaugeFromGrafana(
  source: GrafanaPanelSource,
  note: ImportNote,
): ReturnType<PanelKind["fromGrafana"]> {
  const from = readGrafana(source, note);
  from.drop({
    "options.minVizWidth": [8, 0],
    "options.minVizHeight": [16, 10],
    "options.maxVizHeight": [300],
    "options.sizing": ["auto"],
    "options.text": [],
    "options.legend": [
      { displayMode: "list", placement: "bottom", showLegend: false },
      { displayMode: "hidden", placement: "right", showLegend: false },
    ],
  });
  from.any("custom");
  const made = {
    reduce: reduceFromGrafana(from, note),
    orientation: from.choice("options.orientation", ["auto", "horizontal", "vertical"] as const),
    mode: from.choice("options.displayMode", ["gradient", "lcd", "basic"] as const),
    values: from.choice("options.valueMode", ["color", "text", "hidden"] as const),
    names: from.choice("options.namePlacement", ["auto", "left", "top", "hidden"] as const),
    track: from.flag("options.showUnfilled"),
  };
  return { options: from.done(made).options, custom: {} };
}
