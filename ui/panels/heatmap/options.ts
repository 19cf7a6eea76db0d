import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption } from "../parts/legend_options.ts";

export const heatScales = [
  "viridis",
  "cividis",
  "magma",
  "plasma",
  "inferno",
  "blues",
  "greens",
  "reds",
  "purples",
  "GrYlRd",
  "RdYlGr",
] as const;

export const HeatmapOptions = z.strictObject({
  calculate: z
    .boolean()
    .default(false)
    .meta({
      title: "Count the values of series",
      description: "Instead of taking each series as a row of buckets.",
    } satisfies OptionMeta),
  buckets: z
    .int()
    .min(2)
    .max(200)
    .default(20)
    .meta({
      title: "Rows, about",
      editor: "slider",
      when: { option: "calculate", is: [true] },
    } satisfies OptionMeta),
  scale: z
    .enum(heatScales)
    .default("viridis")
    .meta({
      title: "Colours",
      group: "Colours",
      names: {
        viridis: "Viridis",
        cividis: "Cividis",
        magma: "Magma",
        plasma: "Plasma",
        inferno: "Inferno",
        blues: "Blues",
        greens: "Greens",
        reds: "Reds",
        purples: "Purples",
        GrYlRd: "Green to red",
        RdYlGr: "Red to green",
      },
    } satisfies OptionMeta),
  reverse: z
    .boolean()
    .default(false)
    .meta({ title: "Turn colours around", group: "Colours" } satisfies OptionMeta),
  exponent: z
    .number()
    .min(0.1)
    .max(2)
    .default(0.5)
    .meta({
      title: "Exponent",
      description: "Below 1, small counts stand out.",
      group: "Colours",
      editor: "slider",
    } satisfies OptionMeta),
  color_min: z
    .number()
    .optional()
    .meta({ title: "Smallest", group: "Colours" } satisfies OptionMeta),
  color_max: z
    .number()
    .optional()
    .meta({ title: "Largest", group: "Colours" } satisfies OptionMeta),
  hide_below: z
    .number()
    .default(1e-9)
    .meta({ title: "Leave out counts up to", group: "Colours" } satisfies OptionMeta),
  unit: z
    .string()
    .max(100)
    .default("")
    .meta({ title: "Unit of the rows", editor: "unit" } satisfies OptionMeta),
  axis_label: z
    .string()
    .max(500)
    .default("")
    .meta({ title: "Axis label" } satisfies OptionMeta),
  gap: z
    .int()
    .min(0)
    .max(10)
    .default(1)
    .meta({ title: "Gap between cells", editor: "slider" } satisfies OptionMeta),
  show_legend: z
    .boolean()
    .default(true)
    .meta({ title: "Legend" } satisfies OptionMeta),
});
export type HeatmapOptions = z.output<typeof HeatmapOptions>;

export const HeatmapFieldOptions = z.strictObject({ hide: hideOption });
