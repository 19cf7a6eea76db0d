import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

export const TableOptions = z.strictObject({
  head: z
    .boolean()
    .default(true)
    .meta({ title: "Show the head" } satisfies OptionMeta),
  row: z
    .enum(["small", "medium", "large"])
    .default("small")
    .meta({ title: "Height of rows" } satisfies OptionMeta),
  filters: z
    .boolean()
    .default(true)
    .meta({ title: "Filters of columns" } satisfies OptionMeta),
  sort_field: z
    .string()
    .max(500)
    .default("")
    .meta({ title: "Sort by", editor: "field_name" } satisfies OptionMeta),
  sort_down: z
    .boolean()
    .default(true)
    .meta({ title: "Largest first" } satisfies OptionMeta),
  then_by: z
    .array(
      z.strictObject({
        field: z
          .string()
          .max(500)
          .default("")
          .meta({ title: "Column", editor: "field_name" } satisfies OptionMeta),
        down: z
          .boolean()
          .default(true)
          .meta({ title: "Largest first" } satisfies OptionMeta),
      }),
    )
    .max(4)
    .default([])
    .meta({
      title: "Then by",
      description: "Orders rows that are the same in the column before.",
    } satisfies OptionMeta),
  pinned: z
    .int()
    .min(0)
    .max(5)
    .default(0)
    .meta({
      title: "Pinned columns",
      description: "So many of the first ones stay in view while the others scroll.",
    } satisfies OptionMeta),
  footer: z
    .array(z.string().max(50))
    .max(10)
    .default([])
    .meta({ title: "Figures below", group: "Foot", editor: "reducers" } satisfies OptionMeta),
  footer_fields: z
    .array(z.string().max(500))
    .max(100)
    .default([])
    .meta({
      title: "Of the columns",
      description: "Empty for all columns of numbers.",
      group: "Foot",
    } satisfies OptionMeta),
});
export type TableOptions = z.output<typeof TableOptions>;

export const TableFieldOptions = z.strictObject({
  cell: z
    .enum(["auto", "color_text", "color_background", "gauge", "sparkline", "json", "link"])
    .default("auto")
    .meta({
      title: "Cell",
      names: { color_text: "coloured text", color_background: "coloured cell", json: "JSON" },
    } satisfies OptionMeta),
  align: z
    .enum(["auto", "left", "center", "right"])
    .default("auto")
    .meta({ title: "Align" } satisfies OptionMeta),
  width: z
    .number()
    .min(0)
    .max(5_000)
    .default(0)
    .meta({ title: "Width (px)", description: "0 takes its share." } satisfies OptionMeta),
  width_min: z
    .number()
    .min(0)
    .max(5_000)
    .default(96)
    .meta({ title: "Smallest width (px)" } satisfies OptionMeta),
  hidden: z
    .boolean()
    .default(false)
    .meta({
      title: "Hide",
      description: "Until it is chosen among the columns.",
    } satisfies OptionMeta),
});
export type TableFieldOptions = z.output<typeof TableFieldOptions>;
