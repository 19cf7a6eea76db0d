import { z } from "zod";
import { duration } from "#shared/text/duration.ts";

/** Where dashboards come from besides the catalog. */
export const DashboardsConfig = z.strictObject({
  /** Folders whose *.json, *.yaml and *.yml are dashboards, Lapwing's or Grafana's; folders in them become folders of the list. */
  folders: z.array(z.string().min(1)).max(20).default([]),
  /** How often they are looked at for changes. */
  interval: duration.refine((ms) => ms >= 1_000, "expected a second or more").prefault("5s"),
});
export type DashboardsConfig = z.output<typeof DashboardsConfig>;
