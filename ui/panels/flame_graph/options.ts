import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

export const FlameGraphOptions = z.strictObject({
  color_by: z
    .enum(["name", "share"])
    .default("name")
    .meta({
      title: "Colour by",
      names: { name: "Name", share: "Share of the whole" },
    } satisfies OptionMeta),
  search: z
    .boolean()
    .default(true)
    .meta({ title: "Search" } satisfies OptionMeta),
});
export type FlameGraphOptions = z.output<typeof FlameGraphOptions>;
