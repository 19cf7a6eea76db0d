import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { ReduceOptions } from "../parts/reduce_options.ts";

export const StatOptions = z.strictObject({
  reduce: ReduceOptions,
  orientation: z
    .enum(["auto", "horizontal", "vertical"])
    .default("auto")
    .meta({
      title: "Order",
      names: { horizontal: "Beside", vertical: "Below" },
    } satisfies OptionMeta),
  text: z
    .enum(["auto", "value", "value_and_name", "name", "none"])
    .default("auto")
    .meta({ title: "Words", names: { value_and_name: "value and name" } } satisfies OptionMeta),
  color: z
    .enum(["none", "value", "background", "background_solid"])
    .default("value")
    .meta({
      title: "Colour",
      names: { background: "background, fading", background_solid: "background" },
    } satisfies OptionMeta),
  graph: z
    .enum(["none", "area"])
    .default("area")
    .meta({ title: "Graph", names: { area: "history behind the value" } } satisfies OptionMeta),
  align: z
    .enum(["auto", "center"])
    .default("auto")
    .meta({ title: "Align" } satisfies OptionMeta),
  change: z
    .boolean()
    .default(false)
    .meta({ title: "Show the change in percent" } satisfies OptionMeta),
  change_color: z
    .enum(["standard", "inverted", "same_as_value"])
    .default("standard")
    .meta({
      title: "Colour of the change",
      names: { standard: "up is good", inverted: "down is good", same_as_value: "as the value" },
      when: { option: "change", is: [true] },
    } satisfies OptionMeta),
  title_px: z
    .number()
    .min(0)
    .max(200)
    .default(0)
    .meta({ title: "Size of names (px)", description: "0 fits them." } satisfies OptionMeta),
  value_px: z
    .number()
    .min(0)
    .max(400)
    .default(0)
    .meta({ title: "Size of values (px)", description: "0 fits them." } satisfies OptionMeta),
});
export type StatOptions = z.output<typeof StatOptions>;

export const StatFieldOptions = z.strictObject({});
