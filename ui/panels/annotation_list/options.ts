import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

export const AnnotationListOptions = z.strictObject({
  scope: z
    .enum(["dashboard", "all"])
    .default("dashboard")
    .meta({
      title: "Made on",
      names: { dashboard: "This dashboard", all: "Any dashboard" },
    } satisfies OptionMeta),
  tags: z
    .array(z.string().max(200))
    .max(50)
    .default([])
    .meta({ title: "With all of these tags" } satisfies OptionMeta),
  show_time: z
    .boolean()
    .default(true)
    .meta({ title: "Time" } satisfies OptionMeta),
  show_tags: z
    .boolean()
    .default(true)
    .meta({ title: "Tags" } satisfies OptionMeta),
  limit: z
    .int()
    .min(1)
    .max(500)
    .default(50)
    .meta({ title: "Rows at most", editor: "slider" } satisfies OptionMeta),
});
export type AnnotationListOptions = z.output<typeof AnnotationListOptions>;
