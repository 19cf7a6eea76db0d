import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption, LegendOptions } from "../parts/legend_options.ts";

const fieldName = (title: string, description = "") =>
  z
    .string()
    .max(500)
    .default("")
    .meta({
      title,
      editor: "field_name",
      ...(description === "" ? {} : { description }),
    } satisfies OptionMeta);

export const XyChartOptions = z.strictObject({
  x: fieldName("Column of x", "Empty for the first of numbers, or the time."),
  series: z
    .array(
      z.strictObject({
        name: z
          .string()
          .max(500)
          .default("")
          .meta({ title: "Name" } satisfies OptionMeta),
        x: fieldName("Column of x"),
        y: fieldName("Column of y"),
        size: fieldName("Column of sizes"),
        color: fieldName("Column of colours"),
      }),
    )
    .max(50)
    .default([])
    .meta({
      title: "Series",
      description: "None for every column of numbers over x.",
    } satisfies OptionMeta),
  show: z
    .enum(["points", "lines", "both"])
    .default("points")
    .meta({
      title: "Draw",
      names: { points: "Points", lines: "Lines", both: "Both" },
    } satisfies OptionMeta),
  point_size: z
    .int()
    .min(1)
    .max(50)
    .default(6)
    .meta({ title: "Size of points", editor: "slider" } satisfies OptionMeta),
  point_size_max: z
    .int()
    .min(1)
    .max(100)
    .default(30)
    .meta({
      title: "Size of the largest",
      description: "Where a column gives sizes.",
      editor: "slider",
    } satisfies OptionMeta),
  legend: LegendOptions,
});
export type XyChartOptions = z.output<typeof XyChartOptions>;

export const XyChartFieldOptions = z.strictObject({
  axis_label: z
    .string()
    .max(500)
    .default("")
    .meta({ title: "Axis label" } satisfies OptionMeta),
  log: z
    .boolean()
    .default(false)
    .meta({ title: "Logarithmic axis" } satisfies OptionMeta),
  hide: hideOption,
});
