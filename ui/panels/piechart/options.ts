import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption, LegendOptions } from "../parts/legend_options.ts";
import { ReduceOptions } from "../parts/reduce_options.ts";

export const PieChartOptions = z.strictObject({
  shape: z
    .enum(["pie", "donut"])
    .default("pie")
    .meta({ title: "Shape", names: { pie: "Pie", donut: "Donut" } } satisfies OptionMeta),
  reduce: ReduceOptions,
  sort: z
    .enum(["descending", "ascending", "none"])
    .default("descending")
    .meta({
      title: "Order",
      names: { descending: "Largest first", ascending: "Smallest first", none: "As they come" },
    } satisfies OptionMeta),
  labels: z
    .array(z.enum(["name", "value", "percent"]))
    .default([])
    .meta({
      title: "Labels on the slices",
      names: { name: "Name", value: "Value", percent: "Percent" },
    } satisfies OptionMeta),
  legend_values: z
    .array(z.enum(["value", "percent"]))
    .default(["value", "percent"])
    .meta({
      title: "Figures in the legend",
      group: "Legend",
      names: { value: "Value", percent: "Percent" },
    } satisfies OptionMeta),
  legend: LegendOptions,
});
export type PieChartOptions = z.output<typeof PieChartOptions>;

export const PieChartFieldOptions = z.strictObject({ hide: hideOption });
