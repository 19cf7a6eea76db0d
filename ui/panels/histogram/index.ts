import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, timeField, wave } from "../parts/sample_frames.ts";
import { histogramFromGrafana } from "./from_grafana.ts";
import { HistogramFieldOptions, HistogramOptions } from "./options.ts";

export const histogram: PanelKind = {
  kind: "histogram",
  name: "Histogram",
  description: "How often values lie in which range.",
  grafanaTypes: ["histogram"],
  asks: true,
  options: HistogramOptions,
  fieldOptions: HistogramFieldOptions,
  fromGrafana: histogramFromGrafana,
  sample: () => [
    frameOf("", [
      timeField(400),
      numbers("latency", wave(400, 2, 0.2, 0.15), { unit: "s" }, { service: "cart" }),
    ]),
  ],
  load: async () => (await import("./panel.tsx")).HistogramPanel,
};
