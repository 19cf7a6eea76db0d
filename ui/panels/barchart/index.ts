import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, texts } from "../parts/sample_frames.ts";
import { barChartFromGrafana } from "./from_grafana.ts";
import { BarChartFieldOptions, BarChartOptions } from "./options.ts";

export const barChart: PanelKind = {
  kind: "barchart",
  name: "Bar chart",
  description: "Values of named things as bars, beside or on top of each other.",
  grafanaTypes: ["barchart"],
  asks: true,
  options: BarChartOptions,
  fieldOptions: BarChartFieldOptions,
  fromGrafana: barChartFromGrafana,
  sample: () => [
    frameOf("", [
      texts("service", ["cart", "checkout", "search", "payment", "mail"]),
      numbers("requests", [820, 640, 410, 220, 90], { unit: "reqps" }, { kind: "requests" }),
      numbers("errors", [42, 15, 60, 9, 2], { unit: "reqps" }, { kind: "errors" }),
    ]),
  ],
  load: async () => (await import("./panel.tsx")).BarChartPanel,
};
