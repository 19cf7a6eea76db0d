import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

export const LogsOptions = z.strictObject({
  show_time: z
    .boolean()
    .default(true)
    .meta({ title: "Time" } satisfies OptionMeta),
  show_level: z
    .boolean()
    .default(true)
    .meta({ title: "Level" } satisfies OptionMeta),
  show_labels: z
    .boolean()
    .default(false)
    .meta({ title: "Labels that differ", description: "Before each line." } satisfies OptionMeta),
  show_common_labels: z
    .boolean()
    .default(false)
    .meta({
      title: "Labels that all lines share",
      description: "Once, above.",
    } satisfies OptionMeta),
  wrap: z
    .boolean()
    .default(false)
    .meta({ title: "Wrap lines" } satisfies OptionMeta),
  prettify: z
    .boolean()
    .default(false)
    .meta({ title: "JSON over several lines" } satisfies OptionMeta),
  details: z
    .boolean()
    .default(true)
    .meta({ title: "Details of a line on click" } satisfies OptionMeta),
  dedup: z
    .enum(["none", "exact", "numbers", "signature"])
    .default("none")
    .meta({
      title: "Merge lines that follow each other",
      names: {
        none: "No",
        exact: "Equal but for the time",
        numbers: "Equal but for numbers",
        signature: "Equal but for words",
      },
    } satisfies OptionMeta),
  order: z
    .enum(["newest", "oldest"])
    .default("newest")
    .meta({
      title: "Order",
      names: { newest: "Newest first", oldest: "Oldest first" },
    } satisfies OptionMeta),
});
export type LogsOptions = z.output<typeof LogsOptions>;
