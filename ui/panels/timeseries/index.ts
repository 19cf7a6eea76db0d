import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, sampleLength, timeField, wave } from "../parts/sample_frames.ts";
import { timeSeriesFromGrafana } from "./from_grafana.ts";
import { TimeSeriesFieldOptions, TimeSeriesOptions } from "./options.ts";

export const timeSeries: PanelKind = {
  kind: "timeseries",
  name: "Time series",
  description: "Numbers over time as lines, bars or points, beside or on top of each other.",
  grafanaTypes: ["timeseries", "graph"],
  asks: true,
  options: TimeSeriesOptions,
  fieldOptions: TimeSeriesFieldOptions,
  fromGrafana: timeSeriesFromGrafana,
  sample: () => {
    const time = timeField();
    const line = (name: string, seed: number, middle: number) =>
      frameOf(name, [
        time,
        numbers(
          name,
          wave(sampleLength, seed, middle, middle / 3),
          { unit: "percent" },
          { mode: name },
        ),
      ]);
    return [line("user", 1, 34), line("system", 2, 12), line("iowait", 4, 5)];
  },
  load: async () => (await import("./panel.tsx")).TimeSeriesPanel,
};
