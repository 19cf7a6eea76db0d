import type { GrafanaPanelSource, ImportNote, PanelKind } from "../panel_kind.ts";
import { readGrafana, type GrafanaDefaults } from "../parts/grafana_reader.ts";
import { reduceFromGrafana } from "../parts/reduce_options.ts";

/** What the dial has of its own in Grafana, from version 12.3 on also its shape, with the defaults. */
const look: GrafanaDefaults = {
  "options.minVizWidth": [75, 0],
  "options.minVizHeight": [75, 0],
  "options.sizing": ["auto"],
  "options.text": [],
  "options.barShape": ["flat"],
  "options.barWidthFactor": [0.5],
  "options.effects.barGlow": [false],
  "options.effects.centerGlow": [false],
  "options.effects.gradient": [true],
  "options.endpointMarker": ["point"],
  "options.segmentCount": [1],
  "options.segmentSpacing": [0.3],
  "options.shape": ["gauge"],
  "options.sparkline": [true],
  "options.textMode": ["auto"],
};

/** Grafana's gauge. Its sizes are left to the panel's own. */
export function gaugeFromGrafana(
  source: GrafanaPanelSource,
  note: ImportNote,
): ReturnType<PanelKind["fromGrafana"]> {
  const from = readGrafana(source, note);
  from.drop(look);
  return from.done(
    {
      reduce: reduceFromGrafana(from, note),
      orientation: from.choice("options.orientation", ["auto", "horizontal", "vertical"] as const),
      threshold_labels: from.flag("options.showThresholdLabels"),
      threshold_markers: from.flag("options.showThresholdMarkers"),
    },
    { neutral: from.number("custom.neutral") ?? from.number("options.neutral") },
  );
}
