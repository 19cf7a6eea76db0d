import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

export const DashboardListOptions = z.strictObject({
  starred: z
    .boolean()
    .default(true)
    .meta({ title: "Starred", group: "Lists" } satisfies OptionMeta),
  recent: z
    .boolean()
    .default(false)
    .meta({ title: "Changed last", group: "Lists" } satisfies OptionMeta),
  search: z
    .boolean()
    .default(false)
    .meta({ title: "Found by the search below", group: "Lists" } satisfies OptionMeta),
  query: z
    .string()
    .max(200)
    .default("")
    .meta({ title: "Title contains", group: "Search" } satisfies OptionMeta),
  folder: z
    .string()
    .max(1_000)
    .default("")
    .meta({
      title: "Folder",
      description: "Parts divided by /; with the folders below it.",
      group: "Search",
    } satisfies OptionMeta),
  tags: z
    .array(z.string().max(200))
    .max(50)
    .default([])
    .meta({ title: "With all of these tags", group: "Search" } satisfies OptionMeta),
  headings: z
    .boolean()
    .default(true)
    .meta({ title: "Headings" } satisfies OptionMeta),
  show_folder: z
    .boolean()
    .default(true)
    .meta({ title: "Folder names" } satisfies OptionMeta),
  keep_time: z
    .boolean()
    .default(false)
    .meta({ title: "Links keep the time range" } satisfies OptionMeta),
  limit: z
    .int()
    .min(1)
    .max(200)
    .default(10)
    .meta({ title: "Rows of a list at most", editor: "slider" } satisfies OptionMeta),
});
export type DashboardListOptions = z.output<typeof DashboardListOptions>;
