import { z } from "zod";
import type { PanelKind } from "../panel_kind.ts";
import { alertListFromGrafana } from "./from_grafana.ts";
import { AlertListOptions } from "./options.ts";

export const alertList: PanelKind = {
  kind: "alert_list",
  name: "Alert list",
  description: "Alerts that are pending or firing, or the rules that make them.",
  grafanaTypes: ["alertlist", "unified-alertlist"],
  asks: false,
  options: AlertListOptions,
  fieldOptions: z.strictObject({}),
  fromGrafana: alertListFromGrafana,
  sample: () => [],
  load: async () => (await import("./panel.tsx")).AlertListPanel,
};
