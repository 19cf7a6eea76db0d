import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

export const NodeGraphOptions = z.strictObject({
  layout: z
    .enum(["layered", "force", "grid"])
    .default("layered")
    .meta({
      title: "Layout",
      names: { layered: "By direction", force: "By attraction", grid: "Grid" },
    } satisfies OptionMeta),
  main_unit: z
    .string()
    .max(100)
    .default("")
    .meta({ title: "Unit of the main figure", editor: "unit" } satisfies OptionMeta),
  secondary_unit: z
    .string()
    .max(100)
    .default("")
    .meta({ title: "Unit of the second figure", editor: "unit" } satisfies OptionMeta),
  edge_labels: z
    .boolean()
    .default(false)
    .meta({ title: "Figures on edges" } satisfies OptionMeta),
});
export type NodeGraphOptions = z.output<typeof NodeGraphOptions>;
