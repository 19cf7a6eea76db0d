import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";

export function nodeGraphFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  const arcs = from.any("options.nodes.arcs");
  if (Array.isArray(arcs) && arcs.length > 0) {
    note("options.nodes.arcs", "parts of a node's circle are told in its tooltip, not drawn");
  }
  from.drop({ "options.zoomMode": ["cooperative"] });
  return from.done({
    layout: from.choice("options.layoutAlgorithm", ["layered", "force", "grid"] as const),
    main_unit: from.text("options.nodes.mainStatUnit"),
    secondary_unit: from.text("options.nodes.secondaryStatUnit"),
  });
}
