import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, sampleLength, timeField, wave } from "../parts/sample_frames.ts";
import { barGaugeFromGrafana } from "./from_grafana.ts";
import { BarGaugeFieldOptions, BarGaugeOptions } from "./options.ts";

const steps = [
  { value: null, color: "green" },
  { value: 70, color: "orange" },
  { value: 90, color: "red" },
];

export const barGauge: PanelKind = {
  kind: "bargauge",
  name: "Bar gauge",
  description: "Values between their bounds as bars, to compare many.",
  grafanaTypes: ["bargauge"],
  asks: true,
  options: BarGaugeOptions,
  fieldOptions: BarGaugeFieldOptions,
  fromGrafana: barGaugeFromGrafana,
  sample: () => {
    const time = timeField();
    const thresholds = { mode: "absolute" as const, steps };
    return ["/", "/var", "/home", "/srv/backup"].map((mount, i) =>
      frameOf(mount, [
        time,
        numbers(mount, wave(sampleLength, i, 30 + i * 21, 4), {
          unit: "percent",
          min: 0,
          max: 100,
          thresholds,
        }),
      ]),
    );
  },
  load: async () => (await import("./panel.tsx")).BarGaugePanel,
};
