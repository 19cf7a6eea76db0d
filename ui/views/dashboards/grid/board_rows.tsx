import { useMemo, type ReactNode } from "react";
import type { Dashboard, Row } from "#shared/dashboards/dashboard.ts";
import { interpolate, type VariableValues } from "../../../dashboards/model/interpolate.ts";
import { repeated, type ShownPanel, type ShownRow } from "../../../dashboards/model/repeat.ts";
import { Icon } from "../../../elements/icon.tsx";
import { Corner } from "../../../widgets/picture.tsx";
import { PanelGrid } from "./panel_grid.tsx";

type Props = {
  readonly dashboard: Dashboard;
  readonly variables: VariableValues;
  /** Keys of rows that are open although they are closed in the document, and the other way round. */
  readonly turned: ReadonlySet<string>;
  readonly onTurn: (key: string) => void;
  /** Tools at the end of a row's head. */
  readonly tools?: (row: Row) => ReactNode;
  readonly grid?: (row: ShownRow) => ReactNode;
  readonly children: (shown: ShownPanel) => ReactNode;
};

/** The rows of a dashboard with their copies, under heads that open and close them. */
export function BoardRows(props: Props) {
  const { dashboard, variables, turned, onTurn, tools, grid, children } = props;
  const { rows, leftOut } = useMemo(
    () => repeated(dashboard.rows, variables),
    [dashboard.rows, variables],
  );
  return (
    <div className="board-rows">
      {leftOut > 0 && (
        <Corner state="partial" detail="Choose fewer values of the variables that repeat.">
          {leftOut} copies of panels or rows are left out: they would be too many
        </Corner>
      )}
      {rows.map((shown, i) => {
        const { row, key } = shown;
        const isOpen = row.closed === turned.has(key);
        const title = interpolate(row.title, new Map([...variables, ...shown.scoped]), "text");
        const hasHead =
          row.title !== "" || i > 0 || row.repeat !== undefined || tools !== undefined;
        return (
          // No landmark, as each panel is one: a panel may well have its row's title.
          <div
            key={key}
            role="group"
            className="board-row"
            aria-label={title === "" ? "Panels" : title}
          >
            {hasHead && (
              <div className="board-row-head">
                <button
                  type="button"
                  className="row-toggle"
                  aria-expanded={isOpen}
                  onClick={() => onTurn(key)}
                >
                  <Icon name={isOpen ? "chevron" : "expand"} />
                  <h2 className="clip">{title === "" ? "Panels" : title}</h2>
                  {!isOpen && (
                    <span className="quiet">
                      {row.panels.length} {row.panels.length === 1 ? "panel" : "panels"}
                    </span>
                  )}
                </button>
                {shown.original && tools?.(row)}
              </div>
            )}
            {isOpen &&
              (grid === undefined || !shown.original ? (
                <PanelGrid panels={shown.panels}>{(panel) => children(panel)}</PanelGrid>
              ) : (
                grid(shown)
              ))}
          </div>
        );
      })}
    </div>
  );
}
