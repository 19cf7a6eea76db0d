import { readGrafana } from "../parts/grafana_reader.ts";
import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";

/** Before Grafana 7 content and mode stood on the panel itself. */
export function textFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  const modes = ["markdown", "html", "code"] as const;
  from.drop({ "options.code.language": ["plaintext"] }, "is not coloured");
  from.drop({ "options.code.showMiniMap": [false] });
  return from.done({
    mode:
      from.choice("options.mode", modes, { text: "code" }) ??
      from.choice("panel.mode", modes, { text: "code" }),
    content: from.text("options.content") ?? from.text("panel.content"),
    line_numbers: from.flag("options.code.showLineNumbers"),
  });
}
