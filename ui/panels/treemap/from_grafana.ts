import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { hideFromGrafana, readGrafana } from "../parts/grafana_reader.ts";

/** marcusolsson-treemap-panel: each row is an area. */
export function treemapFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  from.drop({ "options.tiling": ["treemapSquarify"] }, "is not kept: areas are near to squares");
  const size = from.text("options.sizeByField");
  const text = from.text("options.textField");
  if (text !== undefined && text !== "") {
    note("options.textField", "names come from the first column of texts");
  }
  return from.done(
    {
      reduce: { each_row: true, ...(size === undefined ? {} : { field: size }) },
      group_by: from.text("options.groupByField"),
    },
    { hide: hideFromGrafana(from) },
  );
}
