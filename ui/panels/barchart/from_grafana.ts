import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import {
  axisDefaults,
  dropTooltip,
  hideFromGrafana,
  legendFromGrafana,
  readGrafana,
} from "../parts/grafana_reader.ts";

export function barChartFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  const { "custom.axisLabel": _read, ...axis } = axisDefaults;
  from.drop({
    "options.xTickLabelSpacing": [0],
    "options.xTickLabelMaxLength": [],
    "options.fullHighlight": [false],
    "options.clustered": [true],
    "custom.gradientMode": ["none"],
    "custom.thresholdsStyle": [{ mode: "off" }],
    ...axis,
  });
  // The tooltip tells of all bars of a group.
  dropTooltip(from, ["single", "multi"]);
  return from.done(
    {
      x_field: from.text("options.xField"),
      orientation: from.choice("options.orientation", ["auto", "vertical", "horizontal"] as const),
      stacking: from.choice("options.stacking", ["none", "normal", "percent"] as const),
      show_value: from.choice("options.showValue", ["auto", "always", "never"] as const),
      group_width: from.number("options.groupWidth", 0.1, 1),
      bar_width: from.number("options.barWidth", 0.1, 1),
      bar_radius: from.number("options.barRadius", 0, 0.5),
      tick_rotation: from.whole("options.xTickLabelRotation", -90, 90),
      color_field: from.text("options.colorByField"),
      legend: legendFromGrafana(from),
    },
    {
      fill_opacity: from.whole("custom.fillOpacity", 0, 100),
      line_width: from.whole("custom.lineWidth", 0, 10),
      axis_label: from.text("custom.axisLabel"),
      hide: hideFromGrafana(from),
    },
  );
}
