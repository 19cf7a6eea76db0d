import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { ImportedNote } from "./notes.ts";
import { isRecord, recordOf, recordsOf, type Source } from "./read.ts";

/**
 * Finds what an import lost without a word, by walking the source and not by the importer's own lists: a member's value must be in
 * what was made of it, or be Grafana's default, or be named by a note, or be of those that carry no meaning.
 */
export function losses(
  source: Source,
  dashboard: Dashboard,
  notes: readonly ImportedNote[],
): readonly string[] {
  const { panels: _panels, ...rest } = source;
  const { rows, ...settings } = dashboard;
  const lost = lostIn({ ...rest, templating: withoutSources(rest) }, leavesOf(settings), notes);
  const made = new Map<unknown, unknown>(
    rows.flatMap((row) => [[row.id, { ...row, panels: [] }] as const, ...panelsOf(row)]),
  );
  for (const panel of panelsIn(source)) {
    const own = notes.filter(({ path }) => path.startsWith(`panel ${String(panel["id"])} `));
    const { panels: _inner, ...alone } = panel;
    const result = leavesOf(made.get(panel["id"]));
    lost.push(...lostIn(alone, result, own, `panel ${String(panel["id"])}`, String(panel["type"])));
  }
  return lost;
}

/** What was chosen of a data source variable is the name of one elsewhere. */
function withoutSources(dashboard: Source): Source {
  const { list } = recordOf(dashboard["templating"]);
  return {
    list: recordsOf(list).map((each) =>
      each["type"] === "datasource" ? { ...each, current: {} } : each,
    ),
  };
}

function panelsOf(row: Dashboard["rows"][number]): readonly (readonly [unknown, unknown])[] {
  return row.panels.map((panel) => [panel.id, panel] as const);
}

function panelsIn(source: Source): readonly Source[] {
  return recordsOf(source["panels"]).flatMap((panel) => [panel, ...panelsIn(panel)]);
}

type Leaf = { readonly path: string; readonly key: string; readonly value: unknown };

function leavesOf(value: unknown, path = "", key = ""): readonly Leaf[] {
  if (Array.isArray(value)) return value.flatMap((each, i) => leavesOf(each, `${path}[${i}]`, key));
  if (isRecord(value))
    return Object.entries(value).flatMap(([name, each]) =>
      leavesOf(each, path === "" ? name : `${path}.${name}`, name),
    );
  return [{ path, key, value }];
}

function lostIn(
  source: Source,
  made: readonly Leaf[],
  notes: readonly ImportedNote[],
  where = "",
  type = "",
): string[] {
  return leavesOf(source, type)
    .filter(
      (leaf) =>
        !saysNothing(leaf) &&
        !isDefault(leaf) &&
        !withoutMeaning.some(([path]) => path.test(leaf.path)) &&
        !isMade(leaf, made) &&
        !notes.some(({ path }) => path.includes(leaf.key)),
    )
    .map(({ path, value }) => `${where} ${path} = ${JSON.stringify(value)}`.trim());
}

function saysNothing({ value }: Leaf): boolean {
  return value === null || value === undefined || value === "" || value === false;
}

function isDefault({ path, value }: Leaf): boolean {
  return defaults.some(([at, values]) => at.test(path) && values.includes(value));
}

/** A value in the result as it was, as it is written here, or as part of a text that was put together. */
function isMade({ key, value }: Leaf, made: readonly Leaf[]): boolean {
  if (typeof value === "boolean") {
    const own = flags[key] ?? [key, value];
    return made.some((each) => each.key === own[0] && each.value === own[1]);
  }
  const wanted = new Set<unknown>([value, ...(renamed[String(value)] ?? [])]);
  if (made.some((each) => wanted.has(each.value))) return true;
  if (typeof value !== "string") return false;
  const isPart = (text: string) =>
    made.some((each) => typeof each.value === "string" && each.value.includes(text));
  const isList = ["query", "tagKeys"].includes(key) && value.includes(",");
  return isList
    ? value.split(",").every((each) => isPart(each.trim()))
    : value.length > 3 && isPart(value);
}

/** Grafana's words and what they are called here. */
const renamed: Readonly<Record<string, readonly unknown[]>> = {
  textbox: ["text"],
  line: ["lines"],
  stepAfter: ["step_after"],
  stepBefore: ["step_before"],
  dash: ["dashed"],
  dot: ["dotted"],
  "line+area": ["line_area"],
  "dashed+area": ["dashed_area"],
  "negative-Y": [true],
  multi: ["all"],
  asc: ["up", "ascending"],
  desc: ["down", "descending"],
  Descending: ["newest"],
  Ascending: ["oldest"],
  sm: ["small"],
  md: ["medium"],
  lg: ["large"],
  "color-background": ["color_background"],
  "color-text": ["color_text"],
  "basic-gauge": ["gauge"],
  byName: ["name"],
  byNames: ["names", "others"],
  byRegexp: ["regex"],
  byFrameRefID: ["query"],
  byType: ["type"],
  prometheus: ["metrics"],
  loki: ["logs"],
  "Last *": ["lastNotNull"],
  Mean: ["mean"],
  Max: ["max"],
  Total: ["sum"],
};

/** A flag of Grafana's, and what says so here. */
const flags: Readonly<Record<string, readonly [string, unknown]>> = {
  multi: ["multi", true],
  includeAll: ["include_all", true],
  instant: ["instant", true],
  hide: ["hidden", true],
  enable: ["enabled", true],
  collapsed: ["closed", true],
  transparent: ["transparent", true],
  asDropdown: ["dropdown", true],
  targetBlank: ["new_tab", true],
  keepTime: ["keep_time", true],
  includeVars: ["keep_variables", true],
  spanNulls: ["nulls", "connect"],
  showThresholdLabels: ["threshold_labels", true],
  showThresholdMarkers: ["threshold_markers", true],
  showTime: ["show_time", true],
  wrapLogMessage: ["wrap", true],
  enableLogDetails: ["details", true],
  showHeader: ["head", true],
  desc: ["sort_down", true],
  sortDesc: ["legend_down", true],
  showLegend: ["show", true],
  showUnfilled: ["track", true],
  axisCenteredZero: ["centered_zero", true],
  auto: ["steps", 30],
};

/** Grafana's defaults, by the ends of paths. */
const defaults: readonly (readonly [RegExp, readonly unknown[]])[] = [
  [/^editable$/, [true]],
  [/^graphTooltip$/, [0]],
  [/^fiscalYearStartMonth$/, [0]],
  [/legend\.showLegend$/, [true]],
  [/custom\.axisColorMode$/, ["text"]],
  [/custom\.(?:axisPlacement|gradientMode|showPoints)$/, ["auto", "none"]],
  [/custom\.hideFrom\./, [false]],
  [/custom\.stacking\.(?:group|mode)$/, ["A", "none"]],
  [/custom\.thresholdsStyle\.mode$/, ["off"]],
  [/custom\.scaleDistribution\.type$/, ["linear"]],
  [/custom\.barAlignment$/, [0]],
  [/(?:custom\.cellOptions|properties\[\d+\]\.value)\.mode$/, ["gradient", "basic"]],
  [/options\.tooltip\.(?:mode|sort)$/, ["single", "none"]],
  [/options\.(?:barRadius|xTickLabelRotation|xTickLabelSpacing)$/, [0]],
  [/options\.footer\.reducer\[\d\]$/, ["sum"]],
  [/options\.code\.language$/, ["plaintext"]],
  [/options\.legend\.displayMode$/, ["list"]],
  [/^piechart\.options\.legend\.displayMode$/, ["table"]],
  [/targets\[\d+\]\.intervalFactor$/, [1]],
  [/targets\[\d+\]\.format$/, ["time_series"]],
  [/targets\[\d+\]\.legendFormat$/, ["__auto"]],
  [/thresholds\.mode$/, ["absolute"]],
  [/annotations\.list\[\d+\]\.(?:showIn|target\.limit)$/, [0, 100]],
  [/templating\.list\[\d+\]\.(?:sort|hide|refresh)$/, [0, 1]],
  [/links\[\d+\]\.icon$/, ["external link"]],
];

/** Members that say nothing about the dashboard, and why. */
const withoutMeaning: readonly (readonly [RegExp, string])[] = [
  [/^(?:id|version|schemaVersion|gnetId|iteration|style)$/, "of Grafana's storage"],
  [/^__(?:requires|inputs)/, "what the file needs in Grafana; inputs say what sources are"],
  [/(?:^|\.)pluginVersion$/, "which version wrote it"],
  [/(?:^|\.)(?:datasource|targets\[\d+\]\.datasource)(?:\.|$)/, "the source is told by its kind"],
  [/^uid$/, "is given beside the dashboard"],
  [/targets\[\d+\]\.(?:editorMode|range)$/, "how the query is edited; a range is what is asked"],
  [/targets\[\d+\]\.step$/, "told from the range by Grafana itself: one note says so"],
  [/^templating\.list\[\d+\]\.(?:definition|options)/, "the query again, and its last answer"],
  [/current\.(?:selected|text)/, "what the value is called in the picker"],
  [/query\.(?:qryType|refId)$/, "how the query is edited"],
  [/\.options\..+\.index$/, "the order of mappings"],
  [/properties\[\d+\]\.id$/, "the name of a member; its value is looked for"],
  [/^row\.(?:type|gridPos)/, "a row is a row, and as wide as the page"],
  [/mappings\[\d+\]\.type$/, "told by the kind of the mapping"],
  [/gridPos\.y$/, "places count from the row's top"],
  [/^piechart\.options\.legend\.calcs\[\d+\]$/, "of a pie, which has its values"],
  [/^annotations\.list\[\d+\]\.(?:builtIn|type|target\.type|datasource)/, "told by its source"],
  [/^timepicker\./, "the interface offers its own; others are noted"],
];
