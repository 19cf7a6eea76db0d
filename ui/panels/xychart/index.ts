import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, wave } from "../parts/sample_frames.ts";
import { xyChartFromGrafana } from "./from_grafana.ts";
import { XyChartFieldOptions, XyChartOptions } from "./options.ts";

export const xyChart: PanelKind = {
  kind: "xychart",
  name: "Scatter",
  description: "One column over another, as points or lines.",
  grafanaTypes: ["xychart"],
  asks: true,
  options: XyChartOptions,
  fieldOptions: XyChartFieldOptions,
  fromGrafana: xyChartFromGrafana,
  sample: () => {
    const load = wave(120, 3, 50, 40);
    return [
      frameOf("", [
        numbers("CPU", load, { unit: "percent" }),
        numbers(
          "cart",
          load.map((value, i) => 0.05 + value / 400 + (i % 7) / 60),
          { unit: "s" },
          { service: "cart" },
        ),
        numbers(
          "search",
          load.map((value, i) => 0.2 + value / 900 + (i % 5) / 40),
          { unit: "s" },
          { service: "search" },
        ),
      ]),
    ];
  },
  load: async () => (await import("./panel.tsx")).XyChartPanel,
};
