import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";

export function dashboardListFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  const folder = from.any("options.folderUID") ?? from.any("options.folderId");
  from.any("options.folderId");
  if (typeof folder === "string" && folder !== "") {
    note(
      "options.folderUID",
      `the folder ${JSON.stringify(folder.slice(0, 80))} is known to Grafana alone`,
    );
  }
  if (from.flag("options.includeVars") === true) {
    note("options.includeVars", "links do not carry variables");
  }
  if (typeof folder === "number") {
    note("options.folderId", `the folder ${folder} is known to Grafana alone`);
  }
  const recent = from.flag("options.showRecentlyViewed");
  if (recent === true) {
    note(
      "options.showRecentlyViewed",
      "the dashboards changed last take the place of those viewed last",
    );
  }
  return from.done({
    starred: from.flag("options.showStarred"),
    recent,
    search: from.flag("options.showSearch"),
    headings: from.flag("options.showHeadings"),
    show_folder: from.flag("options.showFolderNames"),
    query: from.text("options.query"),
    tags: from.texts("options.tags"),
    keep_time: from.flag("options.keepTime"),
    limit: from.whole("options.maxItems", 1, 200),
  });
}
