import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, sampleLength, timeField, wave } from "../parts/sample_frames.ts";
import { statFromGrafana } from "./from_grafana.ts";
import { StatFieldOptions, StatOptions } from "./options.ts";

export const stat: PanelKind = {
  kind: "stat",
  name: "Stat",
  description: "One number, or a few, as large as they can be, with their history.",
  grafanaTypes: ["stat", "singlestat", "grafana-singlestat-panel"],
  asks: true,
  options: StatOptions,
  fieldOptions: StatFieldOptions,
  fromGrafana: statFromGrafana,
  sample: () => {
    const time = timeField();
    const steps = [
      { value: null, color: "green" },
      { value: 60, color: "orange" },
    ];
    const thresholds = { mode: "absolute", steps } as const;
    return [
      frameOf("requests", [
        time,
        numbers("requests", wave(sampleLength, 1, 1_200, 500), { unit: "reqps" }),
      ]),
      frameOf("busy", [
        time,
        numbers("busy", wave(sampleLength, 2, 58, 12), { unit: "percent", thresholds }),
      ]),
    ];
  },
  load: async () => (await import("./panel.tsx")).StatPanel,
};
