import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

/** The legend of a picture without a time axis. */
export const LegendOptions = z
  .strictObject({
    show: z
      .boolean()
      .default(true)
      .meta({ title: "Show" } satisfies OptionMeta),
    placement: z
      .enum(["bottom", "right"])
      .default("bottom")
      .meta({
        title: "Placement",
        names: { bottom: "Below", right: "Right" },
      } satisfies OptionMeta),
  })
  .prefault({})
  .meta({ title: "Legend", group: "Legend" } satisfies OptionMeta);
export type LegendOptions = z.output<typeof LegendOptions>;

/** The one option that fields of such pictures have in common. */
export const hideOption = z
  .boolean()
  .default(false)
  .meta({ title: "Leave out of the picture" } satisfies OptionMeta);
