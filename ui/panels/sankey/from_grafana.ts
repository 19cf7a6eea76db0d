import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";

/** netsage-sankey-panel. */
export function sankeyFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  from.drop(
    {
      "options.monochrome": [false],
      "options.color": ["blue"],
      "options.nodeColor": ["grey"],
      "options.textColor": ["black"],
      "options.labelSize": [14],
      "options.iteration": [7],
    },
    "is not kept: colours and labels are the interface's own",
  );
  return from.done({
    value: from.text("options.valueField") ?? from.text("options.valueFieldName"),
    node_width: from.whole("options.nodeWidth", 2, 60),
    node_gap: from.whole("options.nodePadding", 0, 60),
  });
}
