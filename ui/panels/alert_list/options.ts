import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

export const AlertListOptions = z.strictObject({
  view: z
    .enum(["alerts", "rules"])
    .default("alerts")
    .meta({
      title: "Show",
      names: { alerts: "Alerts", rules: "Rules" },
    } satisfies OptionMeta),
  firing: z
    .boolean()
    .default(true)
    .meta({ title: "Firing", group: "States" } satisfies OptionMeta),
  pending: z
    .boolean()
    .default(true)
    .meta({ title: "Pending", group: "States" } satisfies OptionMeta),
  inactive: z
    .boolean()
    .default(false)
    .meta({
      title: "Inactive",
      description: "Rules whose condition does not hold.",
      group: "States",
      when: { option: "view", is: ["rules"] },
    } satisfies OptionMeta),
  name: z
    .string()
    .max(1_000)
    .default("")
    .meta({ title: "Name contains", group: "Filter" } satisfies OptionMeta),
  labels: z
    .string()
    .max(1_000)
    .default("")
    .meta({
      title: "Labels",
      description: 'Conditions joined by a comma: severity="critical", team!~"db|web".',
      group: "Filter",
    } satisfies OptionMeta),
  sort: z
    .enum(["importance", "newest", "oldest", "name"])
    .default("importance")
    .meta({
      title: "Order",
      names: { importance: "Firing first", newest: "Newest", oldest: "Oldest", name: "Name" },
    } satisfies OptionMeta),
  limit: z
    .int()
    .min(1)
    .max(500)
    .default(50)
    .meta({ title: "Rows at most", editor: "slider" } satisfies OptionMeta),
});
export type AlertListOptions = z.output<typeof AlertListOptions>;
