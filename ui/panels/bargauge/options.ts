import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { ReduceOptions } from "../parts/reduce_options.ts";

export const BarGaugeOptions = z.strictObject({
  reduce: ReduceOptions,
  orientation: z
    .enum(["auto", "horizontal", "vertical"])
    .default("auto")
    .meta({
      title: "Bars",
      names: { horizontal: "Lying", vertical: "Upright" },
    } satisfies OptionMeta),
  mode: z
    .enum(["gradient", "lcd", "basic"])
    .default("basic")
    .meta({ title: "Look", names: { lcd: "segments" } } satisfies OptionMeta),
  values: z
    .enum(["color", "text", "hidden"])
    .default("color")
    .meta({ title: "Values", names: { color: "coloured", text: "plain" } } satisfies OptionMeta),
  names: z
    .enum(["auto", "left", "top", "hidden"])
    .default("auto")
    .meta({ title: "Names" } satisfies OptionMeta),
  track: z
    .boolean()
    .default(true)
    .meta({ title: "Show the unfilled part" } satisfies OptionMeta),
});
export type BarGaugeOptions = z.output<typeof BarGaugeOptions>;

export const BarGaugeFieldOptions = z.strictObject({});
