import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";
import { hideOption, LegendOptions } from "../parts/legend_options.ts";

export const StateTimelineOptions = z.strictObject({
  merge: z
    .boolean()
    .default(true)
    .meta({ title: "Merge equal values that follow each other" } satisfies OptionMeta),
  show_value: z
    .enum(["auto", "always", "never"])
    .default("auto")
    .meta({
      title: "Values on the bars",
      names: { auto: "Where there is room", always: "Always", never: "Never" },
    } satisfies OptionMeta),
  align: z
    .enum(["left", "center", "right"])
    .default("left")
    .meta({
      title: "Values stand",
      names: { left: "Left", center: "In the middle", right: "Right" },
    } satisfies OptionMeta),
  row_height: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.9)
    .meta({ title: "Height of a row", editor: "slider" } satisfies OptionMeta),
  legend: LegendOptions,
});
export type StateTimelineOptions = z.output<typeof StateTimelineOptions>;

export const StateFieldOptions = z.strictObject({
  hide: hideOption,
});
