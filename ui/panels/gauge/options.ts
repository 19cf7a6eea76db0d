import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { ReduceOptions } from "../parts/reduce_options.ts";

export const GaugeOptions = z.strictObject({
  reduce: ReduceOptions,
  orientation: z
    .enum(["auto", "horizontal", "vertical"])
    .default("auto")
    .meta({
      title: "Order",
      names: { horizontal: "Beside", vertical: "Below" },
    } satisfies OptionMeta),
  threshold_labels: z
    .boolean()
    .default(false)
    .meta({ title: "Words at thresholds" } satisfies OptionMeta),
  threshold_markers: z
    .boolean()
    .default(true)
    .meta({ title: "Ring of thresholds" } satisfies OptionMeta),
});
export type GaugeOptions = z.output<typeof GaugeOptions>;

export const GaugeFieldOptions = z.strictObject({
  neutral: z
    .number()
    .nullable()
    .default(null)
    .meta({ title: "Neutral value", description: "The arc begins at it." } satisfies OptionMeta),
});
