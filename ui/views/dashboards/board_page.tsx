import { useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { DashboardRow } from "../../client/dashboard_service.ts";
import { filterText } from "../../dashboards/model/variables.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { usePageTitle, type Crumb } from "../../state/page_title.ts";
import { windowOf, zoomedOut } from "../../state/time_range.ts";
import { Skeleton } from "../../widgets/picture.tsx";
import { AnnotationDialog, type AnnotationDraft } from "./annotation_dialog.tsx";
import { BoardContext, type Board } from "./state/board_context.ts";
import { BoardSearch } from "./state/board_search.ts";
import { BoardContent } from "./board_content.tsx";
import { BoardHead } from "./board_head.tsx";
import { useAnnotations } from "./state/use_annotations.ts";
import { useAnswerStore, useRunScope } from "./state/use_board.ts";
import { useLate } from "./state/use_late.ts";
import { LeaveGuard } from "./leave_guard.tsx";
import { useBoardDefaults, useBoardKeys, useKiosk } from "./state/use_board_page.ts";
import { useEditor } from "./state/use_editor.ts";
import { chosenIn, useVariables } from "./state/use_variables.ts";
import { ViewAlone } from "./view_alone.tsx";

const PanelEditor = lazy(() => import("./editor/panel_editor.tsx"));
const Sheets = lazy(() => import("./sheets/board_sheets.tsx"));

type Props = {
  /** Empty for a new one. */
  readonly uid: string;
  readonly row: DashboardRow | undefined;
  readonly saved: Dashboard;
  readonly notes: readonly { readonly path: string; readonly why: string }[];
};

/** A dashboard as it is looked at and edited. */
export function BoardPage({ uid, row, saved, notes }: Props) {
  const search = useSearch({ strict: false });
  const place = useMemo(() => BoardSearch.parse(search), [search]);
  const editor = useEditor(saved);
  const { dashboard } = editor;
  const isEditing = place.edit || uid === "";
  usePageTitle(dashboard.title, crumbsOf(row));
  useBoardDefaults(dashboard);
  const board = useBoardState(uid, editor.dashboard, isEditing);
  const [annotating, setAnnotating] = useState<AnnotationDraft>();
  const shown = useMemo<Board>(
    () => ({
      ...board.board,
      onAnnotate:
        uid === ""
          ? undefined
          : (panel, startMs, endMs) => setAnnotating({ panel, startMs, endMs, id: "" }),
    }),
    [board.board, uid],
  );
  useKiosk(place.kiosk);
  useBoardKeys(editor, isEditing, place);
  const { states } = board.variables;
  return (
    <BoardContext value={shown}>
      <section className={isEditing ? "page board editing" : "page board"}>
        <BoardHead
          uid={uid}
          row={row}
          editor={editor}
          isEditing={isEditing}
          notes={notes.length}
          state={board}
        />
        {states === undefined ? (
          <Skeleton rows={3} height={200} />
        ) : place.view !== undefined ? (
          <ViewAlone panelKey={place.view} states={states} />
        ) : isEditing && place.panel !== undefined ? (
          <Suspense fallback={<Skeleton rows={3} height={200} />}>
            <PanelEditor key={place.panel} editor={editor} panelId={place.panel} />
          </Suspense>
        ) : (
          <BoardContent editor={editor} isEditing={isEditing} states={states} uid={uid} />
        )}
        {(place.sheet !== undefined || place.inspect !== undefined) && (
          <Suspense>
            <Sheets
              uid={uid}
              row={row}
              editor={editor}
              place={place}
              states={states ?? new Map()}
              notes={notes}
            />
          </Suspense>
        )}
        {annotating !== undefined && (
          <AnnotationDialog
            uid={uid}
            draft={annotating}
            stored={board.stored}
            onClose={() => setAnnotating(undefined)}
          />
        )}
        <LeaveGuard isDirty={editor.isDirtyNow} />
      </section>
    </BoardContext>
  );
}

/** The folder, as a way to what else is in it. */
function crumbsOf(row: DashboardRow | undefined): readonly Crumb[] {
  const folder = row?.folder ?? "";
  if (folder === "") return [];
  return [{ name: folder, href: `/dashboards?folder=${encodeURIComponent(folder)}` }];
}

/** What the panels share, but for what only the page can do. */
function useBoardState(uid: string, dashboard: Dashboard, isEditing: boolean) {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const change = useSearchChange();
  const page = usePageRange();
  const { setRange, intervalMs } = page;
  // The dashboard's own range counts until the URL says one.
  const own = dashboard.time;
  const from = typeof search["from"] === "string" ? page.range.from : own.from;
  const to = typeof search["to"] === "string" ? page.range.to : own.to;
  const timeZone =
    typeof search["tz"] === "string" || dashboard.time_zone === "browser"
      ? page.timeZone
      : dashboard.time_zone;
  const range = useMemo(() => ({ from, to, timeZone }), [from, to, timeZone]);
  const chosen = useMemo(() => chosenIn(search), [search]);
  const variables = useVariables({ uid, dashboard, chosen, range, timeZone });
  const scope = useRunScope(uid, dashboard, variables.states, range, timeZone);
  const { store, nowMs } = useAnswerStore(intervalMs);
  const hiddenText = typeof search["hidden"] === "string" ? search["hidden"] : "";
  const hidden = useMemo(() => new Set(hiddenText.split(",").filter(Boolean)), [hiddenText]);
  const { annotations, stored, error } = useAnnotations(uid, dashboard, scope, nowMs, hidden);
  const late = useLate(intervalMs);
  const filters = [...(variables.states?.values() ?? [])].find(
    ({ variable }) => variable.kind === "filters",
  );
  const board = useMemo(
    (): Omit<Board, "onAnnotate"> => ({
      uid,
      dashboard,
      store,
      scope,
      nowMs,
      annotations,
      late,
      isEditing,
      onZoom: (startMs, endMs) =>
        setRange({ from: String(Math.round(startMs)), to: String(Math.round(endMs)) }),
      onZoomOut: () => {
        const window = windowOf(range, Date.now());
        if (window !== undefined) setRange(zoomedOut(window, Date.now()));
      },
      onFilter:
        filters === undefined
          ? undefined
          : (name, op, value) => {
              const all = [...filters.filters, { name, op, value }];
              change({ [`var-${filters.variable.name}`]: all.map(filterText) }, { replace: false });
            },
    }),
    [
      uid,
      dashboard,
      store,
      scope,
      nowMs,
      annotations,
      late,
      isEditing,
      setRange,
      range,
      filters,
      change,
    ],
  );
  return { board, variables, hidden, stored, annotationsError: error };
}
