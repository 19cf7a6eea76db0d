import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import {
  axisDefaults,
  dropTooltip,
  hideFromGrafana,
  legendFromGrafana,
  readGrafana,
  type GrafanaDefaults,
} from "../parts/grafana_reader.ts";

/** How Grafana draws the other fields, which are not drawn here. */
const drawn: GrafanaDefaults = {
  ...axisDefaults,
  "custom.drawStyle": ["line"],
  "custom.lineInterpolation": ["linear"],
  "custom.lineWidth": [1],
  "custom.lineStyle": [{ fill: "solid" }],
  "custom.fillOpacity": [0],
  "custom.gradientMode": ["none"],
  "custom.barAlignment": [0],
  "custom.barWidthFactor": [0.6],
  "custom.pointSize": [5],
  "custom.showPoints": ["auto"],
  "custom.spanNulls": [false],
  "custom.insertNulls": [false],
  "custom.stacking": [{ group: "A", mode: "none" }],
  "custom.thresholdsStyle": [{ mode: "off" }],
};

export function candlestickFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  legendFromGrafana(from);
  from.drop({ "options.legend.showLegend": [true] }, "is not kept: there is no legend");
  from.drop({ "options.includeAllFields": [false] }, "is not kept: other fields are not drawn");
  from.drop({ "options.legend.placement": ["bottom"] });
  from.drop(drawn);
  dropTooltip(from);
  if (source.options["candleStyle"] === "ohlcbars")
    note("options.candleStyle", '"ohlcbars" becomes hollow candles');
  const column = (name: string): string | undefined => from.text(`options.fields.${name}`);
  return from.done(
    {
      show: from.choice("options.mode", ["both", "candles", "volume"] as const, {
        "candles+volume": "both",
      }),
      style: from.choice("options.candleStyle", ["candles", "bars"] as const, { ohlcbars: "bars" }),
      color_by: from.choice("options.colorStrategy", ["open_close", "close_close"] as const, {
        "open-close": "open_close",
        "close-close": "close_close",
      }),
      up: from.text("options.colors.up")?.slice(0, 64),
      down: from.text("options.colors.down")?.slice(0, 64),
      open: column("open"),
      high: column("high"),
      low: column("low"),
      close: column("close"),
      volume: column("volume"),
    },
    { hide: hideFromGrafana(from) },
  );
}
