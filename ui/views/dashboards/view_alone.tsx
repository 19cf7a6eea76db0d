import { useMemo } from "react";
import { useSearchChange } from "../../state/page_range.ts";
import { Empty } from "../../widgets/picture.tsx";
import { useBoard } from "./state/board_context.ts";
import { PanelMenu } from "./grid/panel_menu.tsx";
import { PanelView } from "./grid/panel_view.tsx";
import { shownPanel } from "./state/shown_panel.ts";
import type { VariableStates } from "./state/use_variables.ts";
import { Button } from "../../elements/buttons.tsx";

type Props = {
  /** "7", or "7:web-1" for a copy of a repeated panel; Grafana's links say "panel-7". */
  readonly panelKey: string;
  readonly states: VariableStates;
};

/** One panel over the whole page. */
export function ViewAlone({ panelKey, states }: Props) {
  const { dashboard } = useBoard();
  const change = useSearchChange();
  const shown = useMemo(
    () => shownPanel(dashboard, states, panelKey),
    [dashboard, states, panelKey],
  );
  const back = <Button onClick={() => change({ view: "" })}>Back to the dashboard</Button>;
  if (shown === undefined) {
    return (
      <Empty title={`This dashboard has no panel ${panelKey}`}>
        It may have been removed. {back}
      </Empty>
    );
  }
  return (
    <div className="view-alone">
      <div>{back}</div>
      <PanelView
        panel={shown.panel}
        scoped={shown.scoped}
        menu={(tools) => <PanelMenu shown={shown} tools={tools} />}
      />
    </div>
  );
}
