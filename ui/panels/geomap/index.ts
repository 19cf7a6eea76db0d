import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, texts } from "../parts/sample_frames.ts";
import { geomapFromGrafana } from "./from_grafana.ts";
import { GeomapFieldOptions, GeomapOptions } from "./options.ts";

export const geomap: PanelKind = {
  kind: "geomap",
  name: "Geomap",
  description:
    "Values at their places, by coordinates, geohash or country, on outlines that need no network.",
  grafanaTypes: ["geomap", "grafana-worldmap-panel"],
  asks: true,
  options: GeomapOptions,
  fieldOptions: GeomapFieldOptions,
  fromGrafana: geomapFromGrafana,
  sample: () => [
    frameOf("", [
      texts("region", ["Frankfurt", "Virginia", "Singapore", "Sao Paulo", "Sydney"]),
      numbers("latitude", [50.1, 38.9, 1.35, -23.5, -33.9]),
      numbers("longitude", [8.7, -77.4, 103.8, -46.6, 151.2]),
      numbers("requests", [840, 1_250, 610, 190, 260], { unit: "reqps" }),
    ]),
  ],
  load: async () => (await import("./panel.tsx")).GeomapPanel,
};
