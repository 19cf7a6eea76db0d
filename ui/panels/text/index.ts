import { z } from "zod";
import type { PanelKind } from "../panel_kind.ts";
import { textFromGrafana } from "./from_grafana.ts";
import { TextOptions } from "./options.ts";

export const text: PanelKind = {
  kind: "text",
  name: "Text",
  description: "Markdown, HTML or plain text with variables.",
  grafanaTypes: ["text"],
  asks: false,
  options: TextOptions,
  fieldOptions: z.strictObject({}),
  fromGrafana: textFromGrafana,
  sample: () => [],
  load: async () => (await import("./panel.tsx")).TextPanel,
};
