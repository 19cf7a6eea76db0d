import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers } from "../parts/sample_frames.ts";
import { TimeSeriesFieldOptions } from "../timeseries/options.ts";
import { trendFromGrafana } from "./from_grafana.ts";
import { TrendOptions } from "./options.ts";

const speeds = Array.from({ length: 40 }, (_, i) => i * 250);

export const trend: PanelKind = {
  kind: "trend",
  name: "Trend",
  description: "Numbers over other numbers in order, such as power over speed.",
  grafanaTypes: ["trend"],
  asks: true,
  options: TrendOptions,
  fieldOptions: TimeSeriesFieldOptions,
  fromGrafana: trendFromGrafana,
  sample: () => [
    frameOf("", [
      numbers("requests", speeds),
      numbers(
        "latency",
        speeds.map((speed) => 12 + (speed / 2_600) ** 3),
        { unit: "ms" },
      ),
      numbers(
        "queue",
        speeds.map((speed) => 4 + (speed / 2_900) ** 2),
        { unit: "ms" },
      ),
    ]),
  ],
  load: async () => (await import("./panel.tsx")).TrendPanel,
};
