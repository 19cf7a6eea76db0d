import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption, LegendOptions } from "../parts/legend_options.ts";

export const HistogramOptions = z.strictObject({
  buckets: z
    .int()
    .min(2)
    .max(200)
    .default(30)
    .meta({
      title: "Buckets, about",
      description: "Where no size is given.",
      editor: "slider",
    } satisfies OptionMeta),
  bucket_size: z
    .number()
    .positive()
    .optional()
    .meta({ title: "Size of a bucket" } satisfies OptionMeta),
  bucket_offset: z
    .number()
    .default(0)
    .meta({ title: "Offset of the first bucket" } satisfies OptionMeta),
  combine: z
    .boolean()
    .default(false)
    .meta({ title: "Combine all series" } satisfies OptionMeta),
  stack: z
    .boolean()
    .default(false)
    .meta({ title: "Stack" } satisfies OptionMeta),
  legend: LegendOptions,
});
export type HistogramOptions = z.output<typeof HistogramOptions>;

export const HistogramFieldOptions = z.strictObject({
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
  hide: hideOption,
});
