import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, sampleLength, timeField, wave } from "../parts/sample_frames.ts";
import { gaugeFromGrafana } from "./from_grafana.ts";
import { GaugeFieldOptions, GaugeOptions } from "./options.ts";

const steps = [
  { value: null, color: "green" },
  { value: 70, color: "orange" },
  { value: 90, color: "red" },
];

export const gauge: PanelKind = {
  kind: "gauge",
  name: "Gauge",
  description: "How much of a whole, as an arc with its thresholds.",
  grafanaTypes: ["gauge"],
  asks: true,
  options: GaugeOptions,
  fieldOptions: GaugeFieldOptions,
  fromGrafana: gaugeFromGrafana,
  sample: () => {
    const time = timeField();
    const options = {
      unit: "percent",
      min: 0,
      max: 100,
      thresholds: { mode: "absolute" as const, steps },
    };
    return [
      frameOf("cpu", [time, numbers("cpu", wave(sampleLength, 1, 62, 9), options)]),
      frameOf("memory", [time, numbers("memory", wave(sampleLength, 3, 84, 5), options)]),
    ];
  },
  load: async () => (await import("./panel.tsx")).GaugePanel,
};
