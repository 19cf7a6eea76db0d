import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption } from "../parts/legend_options.ts";
import { ReduceOptions } from "../parts/reduce_options.ts";

export const TreemapOptions = z.strictObject({
  reduce: ReduceOptions,
  group_by: z
    .string()
    .max(500)
    .default("")
    .meta({
      title: "Group by",
      description: "A label of the series, or a column of texts where each row is a value.",
      editor: "field_name",
    } satisfies OptionMeta),
  show_values: z
    .boolean()
    .default(true)
    .meta({ title: "Values on the areas" } satisfies OptionMeta),
});
export type TreemapOptions = z.output<typeof TreemapOptions>;

export const TreemapFieldOptions = z.strictObject({ hide: hideOption });
