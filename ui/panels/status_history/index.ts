import type { PanelKind } from "../panel_kind.ts";
import { sampleStates } from "../parts/sample_states.ts";
import { statusHistoryFromGrafana } from "./from_grafana.ts";
import { StatusFieldOptions, StatusHistoryOptions } from "./options.ts";

export const statusHistory: PanelKind = {
  kind: "status_history",
  name: "Status history",
  description: "The state of every sample in a cell of its own.",
  grafanaTypes: ["status-history"],
  asks: true,
  options: StatusHistoryOptions,
  fieldOptions: StatusFieldOptions,
  fromGrafana: statusHistoryFromGrafana,
  sample: () => sampleStates(20),
  load: async () => (await import("./panel.tsx")).StatusHistoryPanel,
};
