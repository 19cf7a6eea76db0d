import { isRecord, recordOf, recordsOf, textOr, type Source } from "./read.ts";

/** Kinds of variables in the resource form, and what the classic form calls them. */
const variableTypes: Readonly<Record<string, string>> = {
  QueryVariable: "query",
  CustomVariable: "custom",
  ConstantVariable: "constant",
  TextVariable: "textbox",
  IntervalVariable: "interval",
  DatasourceVariable: "datasource",
  AdhocVariable: "adhoc",
  GroupByVariable: "groupby",
  SwitchVariable: "switch",
};
const hides: Readonly<Record<string, number>> = {
  dontHide: 0,
  hideLabel: 1,
  hideVariable: 2,
  inControlsMenu: 3,
};
const sorts = [
  "disabled",
  "alphabeticalAsc",
  "alphabeticalDesc",
  "numericalAsc",
  "numericalDesc",
  "alphabeticalCaseInsensitiveAsc",
  "alphabeticalCaseInsensitiveDesc",
  "naturalAsc",
  "naturalDesc",
];
const refreshes: Readonly<Record<string, number>> = {
  never: 0,
  onDashboardLoad: 1,
  onTimeRangeChanged: 2,
};

/** Grafana's resource form (apiVersion v2…: elements and a layout) in the classic one, from which all else is read. */
export function classicOf(spec: Source): Source {
  const { elements, layout, variables, annotations, timeSettings, cursorSync, ...rest } = spec;
  const time = recordOf(timeSettings);
  const cursor: Cursor = { y: 0, lost: [] };
  const panels = layoutPanels(recordOf(layout), recordOf(elements), cursor, 0);
  return {
    // What is not known of it is named where the classic form is read.
    ...rest,
    timepicker: {
      hidden: time["hideTimepicker"],
      nowDelay: time["nowDelay"],
      refresh_intervals: time["autoRefreshIntervals"],
      quick_ranges: time["quickRanges"],
    },
    graphTooltip: ({ Off: 0, Crosshair: 1, Tooltip: 2 } as Readonly<Record<string, number>>)[
      textOr(cursorSync) ?? ""
    ],
    time: { from: time["from"], to: time["to"] },
    refresh: time["autoRefresh"],
    timezone: time["timezone"],
    fiscalYearStartMonth: time["fiscalYearStartMonth"],
    weekStart: time["weekStart"],
    templating: { list: recordsOf(variables).map(variableOf) },
    annotations: { list: recordsOf(annotations).map(annotationOf) },
    panels,
    // The classic form knows no layouts: one that is still there is named in the report.
    layout: cursor.lost,
  };
}

function variableOf(variable: Source): Source {
  const spec = recordOf(variable["spec"]);
  const kind = textOr(variable["kind"]) ?? "";
  const type = variableTypes[kind] ?? kind;
  const hide = hides[textOr(spec["hide"]) ?? ""] ?? 0;
  const sort = sorts.indexOf(textOr(spec["sort"]) ?? "");
  return {
    ...spec,
    type,
    hide,
    ...(type === "query" ? { query: querySpec(spec["query"]), sort: Math.max(0, sort) } : {}),
    ...(type === "datasource" ? { query: spec["pluginId"], pluginId: undefined } : {}),
    datasource: datasourceOf(spec["datasource"], recordOf(spec["query"])),
    ...(type === "query" ? { refresh: refreshes[textOr(spec["refresh"]) ?? ""] ?? 1 } : {}),
  };
}

/** {kind: "prometheus", spec: {…}} or, since v2beta1, {kind: "DataQuery", group: "prometheus", spec: {…}}. */
function querySpec(query: unknown): unknown {
  const source = recordOf(query);
  const { spec } = source;
  if (!isRecord(spec)) return query;
  return spec["__legacyStringValue"] ?? spec;
}

function datasourceOf(given: unknown, query: Source): unknown {
  if (given !== undefined && given !== null) return given;
  const own = recordOf(query["datasource"]);
  const type = query["kind"] === "DataQuery" ? query["group"] : query["kind"];
  return type === undefined ? undefined : { type, uid: own["name"] ?? own["uid"] };
}

function annotationOf(annotation: Source): Source {
  const { query, builtIn, legacyOptions, ...spec } = recordOf(annotation["spec"]);
  return {
    ...recordOf(legacyOptions),
    ...spec,
    builtIn: builtIn === true ? 1 : 0,
    datasource: datasourceOf(spec["datasource"], recordOf(query)),
    target: querySpec(query),
  };
}

type Cursor = {
  y: number;
  /** Layouts of which nothing was made. */
  readonly lost: string[];
};
const depthMax = 10;

function layoutPanels(layout: Source, elements: Source, cursor: Cursor, depth: number): Source[] {
  if (depth > depthMax) {
    cursor.lost.push("too deep");
    return [];
  }
  const spec = recordOf(layout["spec"]);
  switch (layout["kind"]) {
    case "GridLayout":
      return gridPanels(spec, elements, cursor, depth);
    case "RowsLayout":
      return recordsOf(spec["rows"]).flatMap((row) =>
        band(recordOf(row["spec"]), elements, cursor, depth),
      );
    case "TabsLayout":
      return recordsOf(spec["tabs"]).flatMap((tab) =>
        band(recordOf(tab["spec"]), elements, cursor, depth),
      );
    case "AutoGridLayout":
    case "ResponsiveGridLayout":
      return autoPanels(spec, elements, cursor);
    default:
      cursor.lost.push(textOr(layout["kind"]) ?? "");
      return [];
  }
}

/** A row, or a tab, which becomes one. */
function band(spec: Source, elements: Source, cursor: Cursor, depth: number): Source[] {
  const head = {
    type: "row",
    title: spec["title"],
    collapsed: spec["collapse"],
    repeat: recordOf(spec["repeat"])["value"],
    gridPos: { x: 0, y: cursor.y, w: 24, h: 1 },
    conditionalRendering: spec["conditionalRendering"],
    panels: [],
  };
  cursor.y += 1;
  return [head, ...layoutPanels(recordOf(spec["layout"]), elements, cursor, depth + 1)];
}

function gridPanels(spec: Source, elements: Source, cursor: Cursor, depth: number): Source[] {
  const top = cursor.y;
  let bottom = top;
  const panels = recordsOf(spec["items"]).flatMap((item) => {
    const own = recordOf(item["spec"]);
    if (item["kind"] === "GridLayoutRow")
      return band(
        { ...own, layout: { kind: "GridLayout", spec: { items: own["elements"] } } },
        elements,
        cursor,
        depth,
      );
    const [y, h] = [Number(own["y"]) || 0, Number(own["height"]) || 8];
    bottom = Math.max(bottom, top + y + h);
    const repeat = recordOf(own["repeat"]);
    return [
      {
        ...elementOf(own, elements),
        gridPos: { x: own["x"], y: top + y, w: own["width"], h },
        repeat: repeat["value"],
        repeatDirection: repeat["direction"],
        maxPerRow: repeat["maxPerRow"],
      },
    ];
  });
  cursor.y = Math.max(cursor.y, bottom);
  return panels;
}

/** Panels of one size, as many in a line as it says. */
function autoPanels(spec: Source, elements: Source, cursor: Cursor): Source[] {
  const perRow = Math.min(6, Math.max(1, Number(spec["maxColumnCount"]) || 3));
  const [w, h] = [Math.floor(24 / perRow), 8];
  const items = recordsOf(spec["items"]);
  const panels = items.map((item, i) => {
    const own = recordOf(item["spec"]);
    return {
      ...elementOf(own, elements),
      gridPos: { x: (i % perRow) * w, y: cursor.y + Math.floor(i / perRow) * h, w, h },
      repeat: recordOf(own["repeat"])["value"],
    };
  });
  cursor.y += Math.ceil(items.length / perRow) * h;
  return panels;
}

function elementOf(item: Source, elements: Source): Source {
  const name = textOr(recordOf(item["element"])["name"]) ?? "";
  const element = Object.hasOwn(elements, name) ? recordOf(elements[name]) : {};
  const spec = recordOf(element["spec"]);
  if (element["kind"] === "LibraryPanel")
    return {
      id: spec["id"],
      title: spec["title"],
      type: "library-panel",
      libraryPanel: spec["libraryPanel"],
    };
  const data = recordOf(recordOf(spec["data"])["spec"]);
  const viz = recordOf(spec["vizConfig"]);
  const drawn = recordOf(viz["spec"]);
  const options = recordOf(data["queryOptions"]);
  return {
    ...options,
    id: spec["id"],
    title: spec["title"],
    description: spec["description"],
    links: spec["links"],
    transparent: spec["transparent"],
    type: viz["kind"] === "VizConfig" ? viz["group"] : viz["kind"],
    options: drawn["options"],
    fieldConfig: drawn["fieldConfig"],
    targets: recordsOf(data["queries"]).map(targetOf),
    transformations: recordsOf(data["transformations"]).map(transformationOf),
  };
}

function targetOf(query: Source): Source {
  const spec = recordOf(query["spec"]);
  const inner = recordOf(spec["query"]);
  return {
    ...recordOf(inner["spec"]),
    refId: spec["refId"],
    hide: spec["hidden"],
    datasource: datasourceOf(spec["datasource"], inner),
  };
}

function transformationOf(transformation: Source): Source {
  const spec = recordOf(transformation["spec"]);
  const id =
    transformation["kind"] === "Transformation" ? transformation["group"] : transformation["kind"];
  return { ...spec, id: spec["id"] ?? id };
}
