import type { Dashboard, Panel, Place, Row } from "#shared/dashboards/dashboard.ts";
import { freePlace, rowsOf } from "../model/layout.ts";

/** Changes of a dashboard as functions from one document to the next: nothing is changed in place. */

const newPlace = { w: 12, h: 8 } as const;

export function allPanels(dashboard: Dashboard): readonly Panel[] {
  return dashboard.rows.flatMap((row) => row.panels);
}

export function panelOf(dashboard: Dashboard, id: number): Panel | undefined {
  return allPanels(dashboard).find((panel) => panel.id === id);
}

export function rowOf(dashboard: Dashboard, panelId: number): Row | undefined {
  return dashboard.rows.find((row) => row.panels.some(({ id }) => id === panelId));
}

/** Panels and rows share their ids. */
export function nextId(dashboard: Dashboard): number {
  const ids = dashboard.rows.flatMap((row) => [row.id, ...row.panels.map(({ id }) => id)]);
  return Math.max(0, ...ids) + 1;
}

/** A panel without a place or an id: they are given where it is added. */
export type PanelDraft = Omit<Panel, "id" | "place"> & { readonly place?: Partial<Place> };

/** Adds it to the end of a row (the first, where none is named; made where there is none). Gives its id, too. */
export function withPanel(
  dashboard: Dashboard,
  draft: PanelDraft,
  rowId?: number,
): { readonly dashboard: Dashboard; readonly id: number } {
  const id = nextId(dashboard);
  const rows: Row[] =
    dashboard.rows.length > 0
      ? dashboard.rows
      : [{ id: id + 1, title: "", closed: false, panels: [] }];
  const target = rows.find((row) => row.id === rowId) ?? rows[0];
  if (target === undefined) return { dashboard, id };
  const { w, h } = { ...newPlace, ...draft.place };
  const panel: Panel = { ...draft, id, place: freePlace(placesOf(target), w, h) };
  const next = rows.map((row) =>
    row.id === target.id ? { ...row, closed: false, panels: [...row.panels, panel] } : row,
  );
  return { dashboard: { ...dashboard, rows: next }, id };
}

function placesOf({ panels }: Row): readonly Place[] {
  return panels.map(({ place }) => place);
}

export function withChangedPanel(
  dashboard: Dashboard,
  id: number,
  change: (panel: Panel) => Panel,
): Dashboard {
  const rows = dashboard.rows.map((row) =>
    row.panels.some((panel) => panel.id === id)
      ? { ...row, panels: row.panels.map((panel) => (panel.id === id ? change(panel) : panel)) }
      : row,
  );
  return { ...dashboard, rows };
}

export function withoutPanel(dashboard: Dashboard, id: number): Dashboard {
  const rows = dashboard.rows.map((row) => ({
    ...row,
    panels: row.panels.filter((panel) => panel.id !== id),
  }));
  return { ...dashboard, rows };
}

/** A copy beside or below, in the same row. */
export function withDuplicate(
  dashboard: Dashboard,
  id: number,
): { readonly dashboard: Dashboard; readonly id: number } {
  const panel = panelOf(dashboard, id);
  const row = rowOf(dashboard, id);
  if (panel === undefined || row === undefined) return { dashboard, id };
  return withPanel(dashboard, structuredClone(panel), row.id);
}

/** New places of panels of a row, by id; other panels stay. Keeps the document itself where nothing moved. */
export function withPlaces(
  dashboard: Dashboard,
  rowId: number,
  places: ReadonlyMap<number, Place>,
): Dashboard {
  let moved = false;
  const rows = dashboard.rows.map((row) => {
    if (row.id !== rowId) return row;
    const panels = row.panels.map((panel) => {
      const place = places.get(panel.id);
      if (place === undefined || same(place, panel.place)) return panel;
      moved = true;
      return { ...panel, place };
    });
    return { ...row, panels };
  });
  return moved ? { ...dashboard, rows } : dashboard;
}

function same(a: Place, b: Place): boolean {
  return a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h;
}

export function withPanelInRow(dashboard: Dashboard, id: number, rowId: number): Dashboard {
  const panel = panelOf(dashboard, id);
  if (panel === undefined || rowOf(dashboard, id)?.id === rowId) return dashboard;
  const { w, h } = panel.place;
  const rows = withoutPanel(dashboard, id).rows.map((row) =>
    row.id === rowId
      ? { ...row, panels: [...row.panels, { ...panel, place: freePlace(placesOf(row), w, h) }] }
      : row,
  );
  return { ...dashboard, rows };
}

export function withRow(dashboard: Dashboard, title: string): Dashboard {
  const row: Row = { id: nextId(dashboard), title, closed: false, panels: [] };
  return { ...dashboard, rows: [...dashboard.rows, row] };
}

export function withChangedRow(
  dashboard: Dashboard,
  id: number,
  change: (row: Row) => Row,
): Dashboard {
  return { ...dashboard, rows: dashboard.rows.map((row) => (row.id === id ? change(row) : row)) };
}

/** Takes the row away; its panels go with it, or under those of the row above (or below, for the first). */
export function withoutRow(dashboard: Dashboard, id: number, keepPanels: boolean): Dashboard {
  const at = dashboard.rows.findIndex((row) => row.id === id);
  const gone = dashboard.rows[at];
  if (gone === undefined) return dashboard;
  const rest = dashboard.rows.filter((row) => row.id !== id);
  if (!keepPanels || gone.panels.length === 0) return { ...dashboard, rows: rest };
  const heir = rest[Math.max(0, at - 1)];
  if (heir === undefined) {
    const { repeat: _repeat, ...plain } = gone;
    return { ...dashboard, rows: [{ ...plain, title: "", closed: false }] };
  }
  const below = rowsOf(placesOf(heir));
  const moved = gone.panels.map((panel) => ({
    ...panel,
    place: { ...panel.place, y: panel.place.y + below },
  }));
  const rows = rest.map((row) =>
    row.id === heir.id ? { ...row, panels: [...row.panels, ...moved] } : row,
  );
  return { ...dashboard, rows };
}

/** One up (-1) or down (1). */
export function withMovedRow(dashboard: Dashboard, id: number, by: -1 | 1): Dashboard {
  const at = dashboard.rows.findIndex((row) => row.id === id);
  const row = dashboard.rows[at];
  const to = at + by;
  if (row === undefined || to < 0 || to >= dashboard.rows.length) return dashboard;
  return { ...dashboard, rows: dashboard.rows.toSpliced(at, 1).toSpliced(to, 0, row) };
}
