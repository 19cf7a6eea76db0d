import type { DashboardChange } from "../dashboards/dashboards.ts";
import type { Happening } from "./event.ts";

/** Tells that a dashboard was saved or deleted. */
export function dashboardEvent(
  { tenant, action, summary }: DashboardChange,
  atMs: number,
): Happening {
  const { uid, title, version } = summary;
  const isSaved = action === "saved";
  return {
    tenant,
    atMs,
    kind: isSaved ? "dashboard_saved" : "dashboard_deleted",
    level: "info",
    agent: "",
    agentName: "",
    text: isSaved
      ? `Dashboard ${title} was saved, version ${version}`
      : `Dashboard ${title} was deleted`,
    details: { uid, version: String(version) },
  };
}
