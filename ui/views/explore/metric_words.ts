import type { FoundMetric } from "../../client/search.ts";

/** "counter · seconds"; empty where nothing is told of it. */
export function kindWords({ type, unit }: FoundMetric): string {
  return [type === "unknown" ? "" : type, unit].filter((word) => word !== "").join(" · ");
}
