import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";

export function flameGraphFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  return readGrafana(source, note).done({});
}
