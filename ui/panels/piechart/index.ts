import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, timeField, wave } from "../parts/sample_frames.ts";
import { pieChartFromGrafana } from "./from_grafana.ts";
import { PieChartFieldOptions, PieChartOptions } from "./options.ts";

export const pieChart: PanelKind = {
  kind: "piechart",
  name: "Pie chart",
  description: "Parts of a whole as a pie or a donut.",
  grafanaTypes: ["piechart", "grafana-piechart-panel"],
  asks: true,
  options: PieChartOptions,
  fieldOptions: PieChartFieldOptions,
  fromGrafana: pieChartFromGrafana,
  sample: () =>
    ["GET", "POST", "PUT", "DELETE", "PATCH"].map((method, i) =>
      frameOf(method, [
        timeField(),
        numbers(method, wave(60, i, 400 / (i + 1), 20), { unit: "reqps" }, { method }),
      ]),
    ),
  load: async () => (await import("./panel.tsx")).PieChartPanel,
};
