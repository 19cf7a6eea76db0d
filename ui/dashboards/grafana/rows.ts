import type { Panel, Place, Row } from "#shared/dashboards/dashboard.ts";
import { compacted, gridColumns } from "../model/layout.ts";
import { noteForeign, noteRest, under, type Note } from "./notes.ts";
import { panelOf } from "./panel.ts";
import { isRecord, numberOr, recordOf, recordsOf, textOr, wholeOr, type Source } from "./read.ts";
import type { SourceOf } from "./sources.ts";

const panelsMax = 500;
const rowsMax = 200;
const heightMax = 100;
const yMax = 10_000;
/** In dashboards that were often edited places grow without bounds: only their order and distances within a row count. */
const givenYMax = 1_000_000_000;
/** Pixels of a row of the grid with its gap, from which the heights of old dashboards are told. */
const rowPixels = 38;

const rowKnown = ["title", "collapsed", "collapse", "repeat", "panels", "gridPos", "id", "type"];
/** A row asks nothing; the rest is how rows before version 5 were laid out, which their panels' places now tell. */
const rowMeaningless = [
  "datasource",
  "targets",
  "editable",
  "height",
  "showTitle",
  "titleSize",
  "scopedVars",
  "repeatIteration",
  "repeatRowId",
  "repeatPanelId",
  "repeatDirection",
  "options",
  "fieldConfig",
  "pluginVersion",
  "span",
  "isNew",
];

/** A row that is read, before its panels are. */
type Band = {
  readonly source: Source | undefined;
  readonly panels: { readonly source: Source; readonly place: Place }[];
};

/** The rows of a dashboard: panels below a row's head belong to it, those above the first stand in one without a head. */
export function rowsOf(dashboard: Source, sourceOf: SourceOf, note: Note): Row[] {
  const old = recordsOf(dashboard["rows"]);
  const hasOld = old.length > 0 && recordsOf(dashboard["panels"]).length === 0;
  const bands = hasOld ? oldBands(old) : newBands(recordsOf(dashboard["panels"]), note);
  const ids = idGiver(bands);
  const limited = limitedBands(
    bands.filter((band) => band.source !== undefined || band.panels.length > 0),
    note,
  );
  const elements = recordOf(dashboard["__elements"]);
  for (const { source } of limited) {
    if (source === undefined) continue;
    const head = under(note, `row "${(textOr(source["title"]) ?? "").slice(0, 80)}"`);
    noteRest(source, rowKnown, rowMeaningless, head);
    noteForeign(textOr(source["title"]) ?? "", head, "title");
  }
  return limited.map((band) => ({
    id: ids(band.source?.["id"]),
    title: (textOr(band.source?.["title"]) ?? "").slice(0, 100_000),
    closed: band.source?.["collapsed"] === true || band.source?.["collapse"] === true,
    ...repeatPart(band.source?.["repeat"]),
    // Compacted by the places as they were given: however far down they stand, their order counts.
    panels: compacted(band.panels).map(({ source: given, place }): Panel => {
      const source = fromLibrary(given, elements);
      const id = ids(source["id"]);
      const own = under(note, nameOf(source, id));
      if (place.y > yMax) own("gridPos", `stands ${place.y} lines down, expected at most ${yMax}`);
      return panelOf(source, id, { ...place, y: Math.min(yMax, place.y) }, sourceOf, own);
    }),
  }));
}

function nameOf(source: Source, id: number): string {
  const title = textOr(source["title"]);
  return title === undefined ? `panel ${id}` : `panel ${id} "${title.slice(0, 80)}"`;
}

function repeatPart(value: unknown): { repeat?: string } {
  const name = textOr(value);
  return name === undefined || name.length > 200 ? {} : { repeat: name };
}

/** An exported dashboard brings the library's panels beside it. */
function fromLibrary(source: Source, elements: Source): Source {
  const library = source["libraryPanel"];
  if (!isRecord(library)) return source;
  const uid = textOr(library["uid"]);
  const element = uid !== undefined && Object.hasOwn(elements, uid) ? recordOf(elements[uid]) : {};
  const model = isRecord(element["model"]) ? element["model"] : recordOf(library["model"]);
  return {
    ...model,
    ...source,
    ...(textOr(source["title"]) === undefined ? { title: model["title"] } : {}),
  };
}

/** Ids of the source where they are free, else new ones. */
function idGiver(bands: readonly Band[]): (wanted: unknown) => number {
  const wantedIds = bands.flatMap(({ source, panels }) => [
    source?.["id"],
    ...panels.map((each) => each.source["id"]),
  ]);
  const most = wantedIds.reduce<number>((top, each) => Math.max(top, idOr(each) ?? 0), 0);
  let next = most < Number.MAX_SAFE_INTEGER - 100_000 ? most : 0;
  const taken = new Set<number>();
  return (wanted) => {
    let id = idOr(wanted);
    while (id === undefined || taken.has(id)) {
      next += 1;
      id = next;
    }
    taken.add(id);
    return id;
  };
}

function idOr(value: unknown): number | undefined {
  const id = numberOr(value);
  return id !== undefined && Number.isSafeInteger(id) && id >= 1 ? id : undefined;
}

function limitedBands(bands: readonly Band[], note: Note): readonly Band[] {
  const count = bands.reduce((sum, { panels }) => sum + panels.length, 0);
  if (count > panelsMax)
    note("panels", `${count} panels, expected at most ${panelsMax}: the rest is left out`);
  if (bands.length > rowsMax)
    note("panels", `${bands.length} rows, expected at most ${rowsMax}: the rest is left out`);
  let left = panelsMax;
  return bands.slice(0, rowsMax).map((band) => {
    const panels = band.panels.slice(0, left);
    left -= panels.length;
    return { ...band, panels };
  });
}

function newBands(panels: readonly Source[], note: Note): readonly Band[] {
  const sorted = panels
    .map((source) => ({ source, place: placeOf(source, note) }))
    .toSorted((a, b) => a.place.y - b.place.y || a.place.x - b.place.x);
  const bands: Band[] = [{ source: undefined, panels: [] }];
  let top = 0;
  for (const { source, place } of sorted) {
    if (source["type"] === "row") {
      top = place.y + 1;
      bands.push({ source, panels: inRow(source, top, note) });
    } else {
      bands.at(-1)?.panels.push({ source, place: { ...place, y: Math.max(0, place.y - top) } });
    }
  }
  return bands;
}

/** Panels of a row that is closed stand in it. Rows within rows are none of Grafana's: their panels belong to the outer one. */
function inRow(row: Source, top: number, note: Note, depth = 0): Band["panels"] {
  if (depth > 5) {
    note("panels", "rows within rows are read to a depth of 5: those below are left out");
    return [];
  }
  return recordsOf(row["panels"]).flatMap((source) => {
    if (source["type"] === "row") return inRow(source, top, note, depth + 1);
    const place = placeOf(source, note);
    return [{ source, place: { ...place, y: Math.max(0, place.y - top) } }];
  });
}

function placeOf(source: Source, note: Note): Place {
  const given = recordOf(source["gridPos"]);
  const place = {
    w: wholeOr(given["w"], 1, gridColumns) ?? 12,
    h: wholeOr(given["h"], 1, heightMax) ?? 8,
    x: wholeOr(given["x"], 0, gridColumns - 1) ?? 0,
    y: wholeOr(given["y"], 0, givenYMax) ?? 0,
  };
  const changed = (["x", "y", "w", "h"] as const).filter((each) => {
    const number = numberOr(given[each]);
    return number !== undefined && number !== place[each];
  });
  if (changed.length > 0 && source["type"] !== "row") {
    const title = textOr(source["title"]) ?? textOr(source["id"]) ?? "";
    const told = changed
      .map((each) => `${each} ${String(numberOr(given[each]))} became ${place[each]}`)
      .join(", ");
    note(`panel "${title.slice(0, 80)}": gridPos`, `does not fit into the grid: ${told}`);
  }
  return { ...place, x: Math.min(place.x, gridColumns - place.w) };
}

/** Dashboards before version 5: rows of panels of twelve spans. */
function oldBands(rows: readonly Source[]): readonly Band[] {
  return rows.map((row) => {
    const rowHeight = heightOf(row["height"]) ?? 7;
    let [x, y, lineHeight] = [0, 0, 0];
    const panels = recordsOf(row["panels"]).map((source) => {
      const w = Math.min(gridColumns, (wholeOr(source["span"], 1, 12) ?? 4) * 2);
      const h = heightOf(source["height"]) ?? rowHeight;
      if (x + w > gridColumns) [x, y, lineHeight] = [0, Math.min(yMax, y + lineHeight), 0];
      const place = { x, y, w, h };
      x += w;
      lineHeight = Math.max(lineHeight, h);
      return { source, place };
    });
    const hasHead =
      row["showTitle"] === true || row["collapse"] === true || textOr(row["repeat"]) !== undefined;
    return { source: { ...row, title: hasHead ? row["title"] : "" }, panels };
  });
}

/** "250px" as rows of the grid. */
function heightOf(value: unknown): number | undefined {
  const pixels = numberOr(typeof value === "string" ? value.replace(/px$/, "") : value);
  return pixels === undefined
    ? undefined
    : Math.min(heightMax, Math.max(1, Math.ceil(pixels / rowPixels)));
}
