import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption } from "../parts/legend_options.ts";

export const SankeyOptions = z.strictObject({
  columns: z
    .array(z.string().max(500))
    .max(10)
    .default([])
    .meta({
      title: "Columns, from left to right",
      description: "None for every column of texts.",
    } satisfies OptionMeta),
  value: z
    .string()
    .max(500)
    .default("")
    .meta({
      title: "Column of amounts",
      description: "Empty for the first of numbers.",
      editor: "field_name",
    } satisfies OptionMeta),
  node_width: z
    .int()
    .min(2)
    .max(60)
    .default(14)
    .meta({ title: "Width of nodes", editor: "slider" } satisfies OptionMeta),
  node_gap: z
    .int()
    .min(0)
    .max(60)
    .default(10)
    .meta({ title: "Gap between nodes", editor: "slider" } satisfies OptionMeta),
  show_values: z
    .boolean()
    .default(true)
    .meta({ title: "Amounts beside names" } satisfies OptionMeta),
});
export type SankeyOptions = z.output<typeof SankeyOptions>;

export const SankeyFieldOptions = z.strictObject({ hide: hideOption });
