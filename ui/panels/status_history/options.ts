import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption, LegendOptions } from "../parts/legend_options.ts";

export const StatusHistoryOptions = z.strictObject({
  show_value: z
    .enum(["auto", "always", "never"])
    .default("auto")
    .meta({
      title: "Values on the cells",
      names: { auto: "Where there is room", always: "Always", never: "Never" },
    } satisfies OptionMeta),
  row_height: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.9)
    .meta({ title: "Height of a row", editor: "slider" } satisfies OptionMeta),
  column_width: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.9)
    .meta({ title: "Width of a column", editor: "slider" } satisfies OptionMeta),
  legend: LegendOptions,
});
export type StatusHistoryOptions = z.output<typeof StatusHistoryOptions>;

export const StatusFieldOptions = z.strictObject({
  hide: hideOption,
});
