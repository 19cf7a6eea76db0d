import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import {
  dropTooltip,
  hideFromGrafana,
  legendFromGrafana,
  readGrafana,
} from "../parts/grafana_reader.ts";

export function statusHistoryFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  from.drop(
    { "custom.fillOpacity": [70, 100], "custom.lineWidth": [0, 1] },
    "is not kept: states are filled, so that their texts stay readable",
  );
  from.drop({ "options.perPage": [20], "custom.axisPlacement": ["auto"] });
  dropTooltip(from);
  return from.done(
    {
      show_value: from.choice("options.showValue", ["auto", "always", "never"] as const),
      row_height: from.number("options.rowHeight", 0.1, 1),
      column_width: from.number("options.colWidth", 0.1, 1),
      legend: legendFromGrafana(from),
    },
    { hide: hideFromGrafana(from) },
  );
}
