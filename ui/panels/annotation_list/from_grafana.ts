import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";

export function annotationListFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  const onlyHere = from.flag("options.onlyFromThisDashboard");
  if (from.flag("options.onlyInTimeRange") === false) {
    note("options.onlyInTimeRange", "only annotations of the time range are listed");
  }
  from.drop(
    { "options.navigateBefore": ["10m"], "options.navigateAfter": ["10m"] },
    "is not kept: an entry opens its own time",
  );
  if (from.flag("options.navigateToPanel") === false)
    note("options.navigateToPanel", "an entry opens the panel it was made on");
  if (from.flag("options.showUser") === true)
    note("options.showUser", "who made an annotation is not listed");
  return from.done({
    scope: onlyHere === undefined ? undefined : onlyHere ? "dashboard" : "all",
    tags: from.texts("options.tags"),
    show_time: from.flag("options.showTime"),
    show_tags: from.flag("options.showTags"),
    limit: from.whole("options.limit", 1, 500),
  });
}
