import { z } from "zod";

const alert = { fingerprint: z.string(), labels: z.record(z.string(), z.string()) };

export const DependenciesAnswer = z.object({
  enabled: z.boolean(),
  hostDown: z
    .array(z.string())
    .meta({ description: "Matchers of alerts that say that a host is down" }),
  targetDown: z
    .array(z.string())
    .meta({ description: "Matchers of alerts that say that the target in `instance` is down" }),
  labels: z.array(z.string()).meta({ description: "Labels that name a host" }),
  behind: z
    .array(z.object({ name: z.string(), hosts: z.array(z.string()) }))
    .meta({ description: "Hosts that can be reached only by way of another one" }),
  causes: z
    .array(z.object({ ...alert, inhibits: z.array(z.object(alert)) }))
    .meta({ description: "Firing alerts that inhibit others now, by dependencies" }),
  leftOut: z.number().meta({ description: "Inhibited alerts beyond the first 1,000" }),
});
export type DependenciesAnswer = z.output<typeof DependenciesAnswer>;
