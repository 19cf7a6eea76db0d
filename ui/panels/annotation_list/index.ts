import { z } from "zod";
import type { PanelKind } from "../panel_kind.ts";
import { annotationListFromGrafana } from "./from_grafana.ts";
import { AnnotationListOptions } from "./options.ts";

export const annotationList: PanelKind = {
  kind: "annotation_list",
  name: "Annotation list",
  description: "Annotations made by hand, newest first.",
  grafanaTypes: ["annolist", "ryantxu-annolist-panel"],
  asks: false,
  options: AnnotationListOptions,
  fieldOptions: z.strictObject({}),
  fromGrafana: annotationListFromGrafana,
  sample: () => [],
  load: async () => (await import("./panel.tsx")).AnnotationListPanel,
};
