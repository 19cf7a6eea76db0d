import { z } from "zod";
import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, texts } from "../parts/sample_frames.ts";
import { nodeGraphFromGrafana } from "./from_grafana.ts";
import { NodeGraphOptions } from "./options.ts";

export const nodeGraph: PanelKind = {
  kind: "node_graph",
  name: "Node graph",
  description: "Things and what connects them: services and their calls, hosts and their links.",
  grafanaTypes: ["nodeGraph"],
  asks: true,
  options: NodeGraphOptions,
  fieldOptions: z.strictObject({}),
  fromGrafana: nodeGraphFromGrafana,
  sample: () => [
    frameOf("nodes", [
      texts("id", ["web", "cart", "search", "db", "cache"]),
      texts("title", ["web", "cart", "search", "database", "cache"]),
      numbers("mainstat", [820, 310, 240, 190, 450], { unit: "reqps" }),
      texts("color", ["green", "green", "yellow", "red", "green"]),
    ]),
    frameOf("edges", [
      texts("id", ["1", "2", "3", "4", "5"]),
      texts("source", ["web", "web", "cart", "search", "cart"]),
      texts("target", ["cart", "search", "db", "db", "cache"]),
      numbers("mainstat", [310, 240, 120, 70, 450], { unit: "reqps" }),
    ]),
  ],
  load: async () => (await import("./panel.tsx")).NodeGraphPanel,
};
