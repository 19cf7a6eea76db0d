import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import {
  axisDefaults,
  dropTooltip,
  hideFromGrafana,
  legendFromGrafana,
  readGrafana,
} from "../parts/grafana_reader.ts";

export function histogramFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  const size = from.number("options.bucketSize");
  const stacking = from.choice("options.stacking.mode", ["none", "normal", "percent"] as const);
  if (stacking === "percent") note("options.stacking.mode", '"percent" becomes stacked counts');
  from.drop({
    "options.stacking.group": ["A"],
    "custom.gradientMode": ["none"],
    "custom.stacking": [{ group: "A", mode: "none" }],
    "custom.thresholdsStyle": [{ mode: "off" }],
    ...axisDefaults,
  });
  dropTooltip(from);
  return from.done(
    {
      buckets: from.whole("options.bucketCount", 2, 200),
      bucket_size: size !== undefined && size > 0 ? size : undefined,
      bucket_offset: from.number("options.bucketOffset"),
      combine: from.flag("options.combine"),
      stack: stacking === "normal" || stacking === "percent" ? true : undefined,
      legend: legendFromGrafana(from),
    },
    {
      fill_opacity: from.whole("custom.fillOpacity", 0, 100),
      line_width: from.whole("custom.lineWidth", 0, 10),
      hide: hideFromGrafana(from),
    },
  );
}
