import type { DataLink } from "#shared/dashboards/dashboard.ts";
import type { Field } from "../../frames/frame.ts";
import { columnNear } from "../../plot/time_plane.ts";
import type { PanelProps } from "../panel_kind.ts";
import { numberAt } from "./fields.ts";

/** The links of a column's value at a moment: of the row whose time is nearest to it. */
export function linksAt(
  { field, time }: { readonly field: Field; readonly time: Field },
  ms: number,
  linksOf: PanelProps<unknown>["linksOf"],
): readonly DataLink[] {
  // Most columns have none: no row is looked for then.
  if ((field.options.links ?? []).length === 0) return [];
  const times = Array.from({ length: time.values.length }, (_, i) => numberAt(time, i));
  const row = columnNear(times, ms);
  return row === undefined ? [] : linksOf(field, row);
}
