import { z } from "zod";
import { GraphOptions } from "../../plot/graph/graph_style.ts";
import type { OptionMeta } from "../../options/option_meta.ts";

export const TrendOptions = GraphOptions.extend({
  x_field: z
    .string()
    .max(500)
    .default("")
    .meta({
      title: "Column of the axis",
      description: "Empty for the first column of numbers. Its values must be in order.",
      editor: "field_name",
    } satisfies OptionMeta),
});
export type TrendOptions = z.output<typeof TrendOptions>;
