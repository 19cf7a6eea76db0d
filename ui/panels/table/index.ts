import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, texts } from "../parts/sample_frames.ts";
import { tableFromGrafana } from "./from_grafana.ts";
import { TableFieldOptions, TableOptions } from "./options.ts";

const steps = [
  { value: null, color: "green" },
  { value: 70, color: "orange" },
  { value: 90, color: "red" },
];

export const table: PanelKind = {
  kind: "table",
  name: "Table",
  description: "Rows and columns, to sort and filter, with coloured cells, bars and links.",
  grafanaTypes: ["table", "table-old"],
  asks: true,
  options: TableOptions,
  fieldOptions: TableFieldOptions,
  fromGrafana: tableFromGrafana,
  sample: () => {
    const thresholds = { mode: "absolute" as const, steps };
    const percent = { unit: "percent", min: 0, max: 100, thresholds };
    return [
      frameOf("hosts", [
        texts("host", ["web-1", "web-2", "db-1", "cache-1", "mail"]),
        numbers("cpu", [42, 71, 93, 12, 5], { ...percent, custom: { cell: "gauge" } }),
        numbers("memory", [61, 58, 88, 95, 30], { ...percent, custom: { cell: "color_text" } }),
        numbers("received", [1.2e6, 8.4e5, 3.1e6, 5.5e5, 1e4], { unit: "Bps" }),
      ]),
    ];
  },
  load: async () => (await import("./panel.tsx")).TablePanel,
};
