import { isReducer } from "../../frames/reduce.ts";
import type { GrafanaPanelSource, ImportNote, PanelKind } from "../panel_kind.ts";
import {
  isRecord,
  readGrafana,
  type GrafanaDefaults,
  type GrafanaReader,
} from "../parts/grafana_reader.ts";

type Cell = "auto" | "color_text" | "color_background" | "gauge" | "sparkline" | "json" | "link";

const cells: Readonly<Record<string, Cell>> = {
  auto: "auto",
  "color-text": "color_text",
  "color-background": "color_background",
  "color-background-solid": "color_background",
  gauge: "gauge",
  "basic-gauge": "gauge",
  "gradient-gauge": "gauge",
  "lcd-gauge": "gauge",
  "json-view": "json",
  sparkline: "sparkline",
  "data-links": "link",
  image: "link",
};

/** Of the table before Grafana 7 nothing is made of these. With its defaults. */
const oldLook: GrafanaDefaults = {
  "panel.columns": [],
  "panel.transform": ["table", "timeseries_to_columns"],
  "panel.sort": [{ col: 0, desc: true }],
  "panel.showHeader": [true],
  "panel.scroll": [true],
  "panel.fontSize": ["100%"],
  "panel.pageSize": [],
  "panel.filterNull": [false],
};

/** Grafana's table, of now and of before. */
export function tableFromGrafana(
  source: GrafanaPanelSource,
  note: ImportNote,
): ReturnType<PanelKind["fromGrafana"]> {
  const from = readGrafana(source, note);
  from.drop({
    "options.frameIndex": [0],
    "options.maxRowHeight": [],
    "options.disableKeyboardEvents": [false],
    "options.showTypeIcons": [false],
    "options.frozenColumns.right": [0],
  });
  from.drop(
    { "options.enablePagination": [false], "options.footer.enablePagination": [false] },
    "is not kept: rows scroll instead of standing on pages",
  );
  if (Array.isArray(source.panel["styles"])) from.drop(oldLook);
  return from.done(
    {
      head: from.flag("options.showHeader"),
      row: from.choice("options.cellHeight", ["small", "medium", "large"] as const, {
        sm: "small",
        md: "medium",
        lg: "large",
      }),
      pinned: from.whole("options.frozenColumns.left", 0, 5),
      ...sorting(from, note),
      ...footer(from, note),
    },
    fieldOptions(from, note),
  );
}

/** Columns that a table sorts by here. */
const sortsMax = 5;

function sorting(from: GrafanaReader, note: ImportNote): Record<string, unknown> {
  const by = from.any("options.sortBy");
  if (!Array.isArray(by)) return {};
  const sorts = by.filter(isRecord).flatMap(({ displayName: field, desc }) => {
    return typeof field === "string" ? [{ field, down: desc === true }] : [];
  });
  if (sorts.length > sortsMax)
    note("options.sortBy", `the table sorts by ${sortsMax} columns, those after are left out`);
  const [first, ...thenBy] = sorts.slice(0, sortsMax);
  if (first === undefined) return {};
  return { sort_field: first.field, sort_down: first.down, then_by: thenBy };
}

function footer(from: GrafanaReader, note: ImportNote): Record<string, unknown> {
  const show = from.flag("options.footer.show");
  const reducers = from.any("options.footer.reducer");
  const fields = from.any("options.footer.fields");
  // Without a foot the rest of it says nothing.
  const isCounted = from.any("options.footer.countRows");
  if (show !== true || !Array.isArray(reducers)) return {};
  if (isCounted === true) note("options.footer.countRows", "a count is one of values, not of rows");
  if (typeof fields === "string" && fields !== "")
    note("options.footer.fields", `"${fields.slice(0, 80)}" becomes all columns of numbers`);
  const texts = reducers.filter((each) => typeof each === "string");
  for (const each of texts) {
    if (!isReducer(each)) note("options.footer.reducer", `${each} is no figure that is known here`);
  }
  const named = Array.isArray(fields) ? fields.filter((each) => typeof each === "string") : [];
  return { footer: texts.filter(isReducer), footer_fields: named };
}

function fieldOptions(from: GrafanaReader, note: ImportNote): Record<string, unknown> {
  const type = from.text("custom.cellOptions.type") ?? from.text("custom.displayMode");
  from.drop({
    "custom.cellOptions.mode": ["basic", "gradient"],
    "custom.cellOptions.valueDisplayMode": ["color"],
    "custom.cellOptions.wrapText": [false],
    "custom.cellOptions.applyToRow": [false],
    "custom.cellOptions.alt": [],
    "custom.cellOptions.title": [],
    "custom.inspect": [false],
    "custom.wrapHeaderText": [false],
  });
  from.any("custom.displayMode");
  if (type === "lcd-gauge") note("custom.displayMode", '"lcd-gauge" becomes a plain gauge');
  const cell = type === undefined ? undefined : cells[type];
  if (type !== undefined && cell === undefined) {
    note("custom.cellOptions.type", `cells of the type ${type} are shown as text`);
  }
  if (type === "image") note("custom.cellOptions.type", "pictures are shown as links to them");
  // Every column has its filter here.
  from.any("custom.filterable");
  return {
    cell,
    align: from.choice("custom.align", ["auto", "left", "center", "right"] as const),
    width: from.number("custom.width", 0, 5_000),
    width_min: from.number("custom.minWidth", 0, 5_000),
    hidden: from.flag("custom.hidden"),
  };
}
