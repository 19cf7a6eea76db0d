import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, timeField, wave } from "../parts/sample_frames.ts";
import { treemapFromGrafana } from "./from_grafana.ts";
import { TreemapFieldOptions, TreemapOptions } from "./options.ts";

export const treemap: PanelKind = {
  kind: "treemap",
  name: "Treemap",
  description: "Values as areas, in groups.",
  grafanaTypes: ["marcusolsson-treemap-panel"],
  asks: true,
  options: TreemapOptions,
  fieldOptions: TreemapFieldOptions,
  fromGrafana: treemapFromGrafana,
  sample: () =>
    ["/var/lib/db", "/var/log", "/home", "/opt", "/srv/media", "/boot", "/tmp"].map((path, i) =>
      frameOf(path, [
        timeField(),
        numbers(path, wave(60, i, 4e11 / (i * i + 1), 1e9), { unit: "bytes" }, { path }),
      ]),
    ),
  load: async () => (await import("./panel.tsx")).TreemapPanel,
};
