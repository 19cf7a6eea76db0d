import { z } from "zod";
import type { PanelKind } from "../panel_kind.ts";
import { logsFromGrafana } from "./from_grafana.ts";
import { LogsOptions } from "./options.ts";
import { sampleLogs } from "./sample.ts";

export const logs: PanelKind = {
  kind: "logs",
  name: "Logs",
  description: "Log lines with time, level and labels.",
  grafanaTypes: ["logs"],
  asks: true,
  usualSource: "logs",
  options: LogsOptions,
  fieldOptions: z.strictObject({}),
  fromGrafana: logsFromGrafana,
  sample: sampleLogs,
  load: async () => (await import("./panel.tsx")).LogsPanel,
};
