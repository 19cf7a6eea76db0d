import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";

export function logsFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  const order = from.choice("options.sortOrder", ["newest", "oldest"] as const, {
    Descending: "newest",
    Ascending: "oldest",
  });
  from.drop({
    "options.showLogContextToggle": [false],
    "options.enableInfiniteScrolling": [false],
    "options.displayedFields": [],
    "options.detailsMode": ["inline"],
    "options.fontSize": ["default"],
    "options.syntaxHighlighting": [true],
    "options.timestampResolution": ["ms"],
    "options.showControls": [false],
    "options.showFieldSelector": [false],
    "options.showLogAttributes": [true, false],
  });
  return from.done({
    show_time: from.flag("options.showTime"),
    show_labels: from.flag("options.showLabels"),
    show_common_labels: from.flag("options.showCommonLabels"),
    wrap: from.flag("options.wrapLogMessage"),
    prettify: from.flag("options.prettifyLogMessage"),
    details: from.flag("options.enableLogDetails"),
    dedup: from.choice("options.dedupStrategy", ["none", "exact", "numbers", "signature"] as const),
    order,
  });
}
