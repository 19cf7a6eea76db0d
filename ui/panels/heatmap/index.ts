import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, timeField } from "../parts/sample_frames.ts";
import { heatmapFromGrafana } from "./from_grafana.ts";
import { HeatmapFieldOptions, HeatmapOptions } from "./options.ts";

const bounds = ["0", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "+Inf"];

export const heatmap: PanelKind = {
  kind: "heatmap",
  name: "Heatmap",
  description: "How many values lie in which bucket over time.",
  grafanaTypes: ["heatmap", "heatmap-new"],
  asks: true,
  options: HeatmapOptions,
  fieldOptions: HeatmapFieldOptions,
  fromGrafana: heatmapFromGrafana,
  sample: () => [
    frameOf("", [
      timeField(),
      ...bounds.slice(1).map((le, row) =>
        numbers(
          le,
          Array.from({ length: 60 }, (_, i) => {
            const middle = 3.5 + 2 * Math.sin(i / 9);
            return Math.round(90 * Math.exp(-((row - middle) ** 2) / 2.5));
          }),
          {},
          { gt: bounds[row] ?? "", le },
        ),
      ),
    ]),
  ],
  load: async () => (await import("./panel.tsx")).HeatmapPanel,
};
