import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption, LegendOptions } from "../parts/legend_options.ts";

export const BarChartOptions = z.strictObject({
  x_field: z
    .string()
    .max(500)
    .default("")
    .meta({
      title: "Column of the names",
      description: "Empty for the first of texts or times.",
      editor: "field_name",
    } satisfies OptionMeta),
  orientation: z
    .enum(["auto", "vertical", "horizontal"])
    .default("auto")
    .meta({
      title: "Bars",
      names: { auto: "By the panel's shape", vertical: "Upright", horizontal: "Lying" },
    } satisfies OptionMeta),
  stacking: z
    .enum(["none", "normal", "percent"])
    .default("none")
    .meta({
      title: "Stack",
      names: { none: "No", normal: "Values", percent: "Percent" },
    } satisfies OptionMeta),
  show_value: z
    .enum(["auto", "always", "never"])
    .default("auto")
    .meta({
      title: "Values on bars",
      names: { auto: "Where there is room", always: "Always", never: "Never" },
    } satisfies OptionMeta),
  group_width: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.7)
    .meta({ title: "Width of a group", editor: "slider" } satisfies OptionMeta),
  bar_width: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.97)
    .meta({ title: "Width of a bar", editor: "slider" } satisfies OptionMeta),
  bar_radius: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .meta({ title: "Round corners", editor: "slider" } satisfies OptionMeta),
  tick_rotation: z
    .int()
    .min(-90)
    .max(90)
    .default(0)
    .meta({ title: "Turn the names, in degrees", editor: "slider" } satisfies OptionMeta),
  color_field: z
    .string()
    .max(500)
    .default("")
    .meta({ title: "Colour by column", editor: "field_name" } satisfies OptionMeta),
  legend: LegendOptions,
});
export type BarChartOptions = z.output<typeof BarChartOptions>;

export const BarChartFieldOptions = z.strictObject({
  fill_opacity: z
    .int()
    .min(0)
    .max(100)
    .default(80)
    .meta({ title: "Fill, in percent", editor: "slider" } satisfies OptionMeta),
  line_width: z
    .int()
    .min(0)
    .max(10)
    .default(1)
    .meta({ title: "Line width", editor: "slider" } satisfies OptionMeta),
  axis_label: z
    .string()
    .max(500)
    .default("")
    .meta({ title: "Axis label" } satisfies OptionMeta),
  hide: hideOption,
});
