import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { repeated, type ShownPanel } from "../../../dashboards/model/repeat.ts";
import { valuesOf } from "../../../dashboards/model/variables.ts";
import type { VariableStates } from "./use_variables.ts";

/**
 * The panel that a link names: "7", or "7:web-1" for a copy of a repeated one, which has that one value of its variable. Grafana's links
 * say "panel-7".
 */
export function shownPanel(
  { rows }: Pick<Dashboard, "rows">,
  states: VariableStates,
  name: string,
): ShownPanel | undefined {
  const key = name.replace(/^panel-/, "");
  const all = repeated(rows, valuesOf(states)).rows.flatMap((row) => row.panels);
  return all.find((each) => each.key === key) ?? all.find(({ panel }) => String(panel.id) === key);
}
