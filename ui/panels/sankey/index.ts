import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, texts } from "../parts/sample_frames.ts";
import { sankeyFromGrafana } from "./from_grafana.ts";
import { SankeyFieldOptions, SankeyOptions } from "./options.ts";

export const sankey: PanelKind = {
  kind: "sankey",
  name: "Sankey",
  description: "What flows from where to where, and how much.",
  grafanaTypes: ["netsage-sankey-panel"],
  asks: true,
  options: SankeyOptions,
  fieldOptions: SankeyFieldOptions,
  fromGrafana: sankeyFromGrafana,
  sample: () => [
    frameOf("", [
      texts("client", ["web", "web", "mobile", "mobile", "partner"]),
      texts("gateway", ["edge-1", "edge-2", "edge-1", "edge-2", "edge-2"]),
      texts("service", ["cart", "search", "cart", "search", "payment"]),
      numbers("bytes", [5.2e9, 3.1e9, 2.4e9, 4.4e9, 1.2e9], { unit: "bytes" }),
    ]),
  ],
  load: async () => (await import("./panel.tsx")).SankeyPanel,
};
