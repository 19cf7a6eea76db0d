import { useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import type { Panel } from "#shared/dashboards/dashboard.ts";
import {
  rowOf,
  withDuplicate,
  withoutPanel,
  withPanelInRow,
  withPlaces,
} from "../../dashboards/edit/change.ts";
import { valuesOf } from "../../dashboards/model/variables.ts";
import { showToast } from "../../overlays/toast.ts";
import type { ShownPanel } from "../../dashboards/model/repeat.ts";
import { useSearchChange } from "../../state/page_range.ts";
import { phoneQuery, useMedia } from "../../state/media.ts";
import { Empty, Skeleton } from "../../widgets/picture.tsx";
import { AddBar } from "./grid/add_bar.tsx";
import { BoardRows } from "./grid/board_rows.tsx";
import { PanelMenu, type PanelEdits } from "./grid/panel_menu.tsx";
import { PanelView, type PanelTools } from "./grid/panel_view.tsx";
import { PlaceByKeys } from "./grid/place_by_keys.tsx";
import { RowTools } from "./grid/row_tools.tsx";
import type { Editor } from "./state/use_editor.ts";
import type { VariableStates } from "./state/use_variables.ts";

const EditGrid = lazy(() => import("./grid/edit_grid.tsx"));

type Props = {
  readonly uid: string;
  readonly editor: Editor;
  readonly isEditing: boolean;
  readonly states: VariableStates;
};

/** The rows and panels of a dashboard, to be looked at or edited. */
export function BoardContent({ editor, isEditing, states }: Props) {
  const { dashboard, change } = editor;
  const variables = useMemo(() => valuesOf(states), [states]);
  const { turned, turn } = useTurnedRows();
  const isPhone = useMedia(phoneQuery);
  const [placing, setPlacing] = useState<number>();
  const edits = usePanelEdits(editor, setPlacing);
  const isBlank = dashboard.rows.every(({ panels }) => panels.length === 0);
  return (
    <>
      {isBlank && (
        <Empty title="Nothing here yet">
          {isEditing
            ? "Add a panel: choose how it looks, then what it asks."
            : "Edit the dashboard to add its first panel."}
        </Empty>
      )}
      <BoardRows
        dashboard={dashboard}
        variables={variables}
        turned={turned}
        onTurn={turn}
        {...(isEditing && {
          tools: (row) => <RowTools row={row} editor={editor} />,
        })}
        {...(isEditing &&
          !isPhone && {
            grid: (shown) => (
              <Suspense fallback={<Skeleton rows={1} height={300} />}>
                <EditGrid
                  shown={shown}
                  onPlaces={(places) => change((now) => withPlaces(now, shown.row.id, places))}
                >
                  {(panel) => (
                    <ShownPanelView
                      shown={panel}
                      edits={edits}
                      className={placing === panel.panel.id ? "placing" : ""}
                    />
                  )}
                </EditGrid>
              </Suspense>
            ),
          })}
      >
        {(shown) => (
          <ShownPanelView shown={shown} edits={isEditing && shown.original ? edits : undefined} />
        )}
      </BoardRows>
      {isEditing && <AddBar editor={editor} />}
      {placing !== undefined && (
        <PlaceByKeys editor={editor} panelId={placing} onDone={() => setPlacing(undefined)} />
      )}
    </>
  );
}

type ShownProps = {
  readonly shown: ShownPanel;
  readonly edits: PanelEdits | undefined;
  readonly className?: string;
};

/** A panel with its menu. What changes on the page beside it does not redraw it. */
function ShownPanelView({ shown, edits, className }: ShownProps) {
  const menu = useCallback(
    (tools: PanelTools) => <PanelMenu shown={shown} tools={tools} edits={edits} />,
    [shown, edits],
  );
  return (
    <PanelView
      panel={shown.panel}
      scoped={shown.scoped}
      menu={menu}
      {...(className !== undefined && { className })}
    />
  );
}

/** Rows that are open although the document closes them, or the other way round: in the URL, as all that is seen. */
function useTurnedRows(): {
  readonly turned: ReadonlySet<string>;
  readonly turn: (key: string) => void;
} {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const change = useSearchChange();
  const text = typeof search["rows"] === "string" ? search["rows"] : "";
  const turned = useMemo(
    () => new Set(text.split(",").filter(Boolean).map(decodeURIComponent)),
    [text],
  );
  const turn = (key: string): void => {
    const next = new Set(turned);
    if (!next.delete(key)) next.add(key);
    change({ rows: [...next].map(encodeURIComponent).join(",") });
  };
  return { turned, turn };
}

function usePanelEdits(editor: Editor, onPlace: (id: number) => void): PanelEdits {
  const { dashboard, change, undo } = editor;
  const search = useSearchChange();
  return {
    onDuplicate: (panel) => change((now) => withDuplicate(now, panel.id).dashboard),
    onRemove: (panel) => {
      change((now) => withoutPanel(now, panel.id));
      search({ panel: "" });
      showToast({
        title: `Removed "${panel.title}"`,
        action: { label: "Undo", onSelect: undo },
      });
    },
    onMove: (panel, row) => change((now) => withPanelInRow(now, panel.id, row)),
    onPlace: (panel) => onPlace(panel.id),
    rowsFor: (panel: Panel) => {
      const own = rowOf(dashboard, panel.id)?.id;
      return dashboard.rows.filter(({ id }) => id !== own).map(({ id, title }) => ({ id, title }));
    },
  };
}
