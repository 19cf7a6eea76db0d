import type { Panel, Place } from "#shared/dashboards/dashboard.ts";
import type { PanelKind } from "../../panels/panel_kind.ts";
import { panelKinds } from "../../panels/registry.ts";
import { knownTransformations } from "../model/transform.ts";
import { fieldOptionsOf, overridesOf, type CustomReader } from "./fields.ts";
import { legacyFields, newTypes, noteLeftOver, upgraded } from "./legacy.ts";
import { linksOf } from "./links.ts";
import { noteForeign, noteRest, noteUnless, under, type Note } from "./notes.ts";
import { noteSeries } from "./old_graph.ts";
import { queriesOf } from "./queries.ts";
import {
  bounded,
  isRecord,
  listOf,
  numberOr,
  recordOf,
  recordsOf,
  textOr,
  wholeOr,
  type Source,
} from "./read.ts";
import type { SourceOf } from "./sources.ts";

const textMax = 100_000;

const known = [
  "id",
  "type",
  "title",
  "description",
  "gridPos",
  "targets",
  "datasource",
  "fieldConfig",
  "options",
  "transformations",
  "repeat",
  "repeatDirection",
  "maxPerRow",
  "timeFrom",
  "timeShift",
  "hideTimeOverride",
  "interval",
  "maxDataPoints",
  "links",
  "transparent",
  "libraryPanel",
  "alert",
  "collapsed",
  "span",
  "height",
  "minSpan",
  "scopedVars",
];
/** What Grafana keeps of a panel for itself, and what older versions wrote with every panel. */
const meaningless = [
  "pluginVersion",
  "repeatIteration",
  "repeatPanelId",
  "repeatedByRow",
  "editable",
  "error",
  "isNew",
  "key",
  "fieldConfigDefaults",
  "schemaVersion",
  "showTitle",
  "titleSize",
  "style",
  "autoMigrateFrom",
  "savedQueryLink",
  "hideTimeOverride",
  "isEditing",
  "isViewing",
  "hasRefreshed",
  "cachedPluginOptions",
  "panels",
  "rowPanelId",
];

/** A panel in its place. `path` of notes is the panel's. */
export function panelOf(
  given: Source,
  id: number,
  place: Place,
  sourceOf: SourceOf,
  note: Note,
): Panel {
  const source = upgraded(given, note);
  const type = (textOr(source["type"]) ?? "").slice(0, 200) || "unknown";
  const kind = kindOf(type);
  const legacy = legacyFields(source === given ? given : { ...source, type: given["type"] });
  if (
    isRecord(source["libraryPanel"]) &&
    source["targets"] === undefined &&
    source["options"] === undefined
  )
    note(
      "libraryPanel",
      `"${textOr(source["libraryPanel"]["name"]) ?? ""}" is kept in Grafana's library and not in this file`,
    );
  if (legacy?.known.includes("seriesOverrides") === true) noteSeries(source, note);
  if (isRecord(source["alert"])) note("alert", "rules of alerts are not kept in dashboards");
  const leftOver = source === given ? noteLeftOver(source, note) : [];
  noteRest(
    source,
    [...known, "cacheTimeout", "queryCachingTTL", ...(legacy?.known ?? []), ...leftOver],
    meaningless,
    note,
  );
  noteUnless(
    source,
    { cacheTimeout: [], queryCachingTTL: [0] },
    note,
    "is not kept: answers are shared between panels as long as they are new enough",
  );
  noteForeign(textOr(source["title"]) ?? "", note, "title");
  return {
    id,
    kind: kind?.kind ?? type,
    title: (textOr(source["title"]) ?? "").slice(0, textMax),
    ...textPart("description", source["description"], textMax),
    place,
    queries: kind?.asks === false ? notAsked(source, note) : queriesOf(source, sourceOf, note),
    transformations: transformationsOf(source["transformations"], note),
    ...drawn(source, type, kind, legacy, note),
    ...repeatOf(source, note),
    ...timeOf(source),
    ...textPart("step_min", source["interval"], 50),
    ...pointsOf(source, note),
    links: linksOf(source["links"], 50, note),
    ...(source["transparent"] === true ? { transparent: true } : {}),
  };
}

const byType = new Map(
  panelKinds.flatMap((kind) =>
    [kind.kind, ...kind.grafanaTypes].map((type) => [type, kind] as const),
  ),
);

function kindOf(type: string): PanelKind | undefined {
  const newType = Object.hasOwn(newTypes, type) ? newTypes[type] : undefined;
  return byType.get(type) ?? (newType === undefined ? undefined : byType.get(newType));
}

/** Such as a text's: Grafana keeps a query without an expression with them. */
function notAsked(source: Source, note: Note): Panel["queries"] {
  if (recordsOf(source["targets"]).some(({ expr }) => textOr(expr) !== undefined))
    note("targets", "this kind of panel asks nothing: its queries are left out");
  return [];
}

type Drawn = Pick<Panel, "field" | "overrides" | "options">;

/** Options of the panel and of its fields, checked by the kind. */
function drawn(
  source: Source,
  type: string,
  kind: PanelKind | undefined,
  legacy: ReturnType<typeof legacyFields>,
  note: Note,
): Drawn {
  const config = recordOf(source["fieldConfig"]);
  noteRest(config, ["defaults", "overrides"], [], note, "fieldConfig");
  const defaults = {
    ...heatmapUnit(type, source),
    ...definedOf(legacy?.defaults),
    ...recordOf(config["defaults"]),
  };
  const custom = boundedRecord(defaults["custom"], under(note, "fieldConfig.defaults.custom"));
  const options = boundedRecord(source["options"], under(note, "options"));
  const panel = boundedRecord(source, note);
  // Overrides have the members of today's panels, those of older panels included: legacy.ts wrote them so.
  const today = Object.hasOwn(newTypes, type) ? (newTypes[type] ?? type) : type;
  const read: CustomReader = (own, ownNote) =>
    customOf(kind, { type: today, options: {}, custom: own, panel: {} }, ownNote);
  const overrides = [...(legacy?.overrides ?? []), ...listOf(config["overrides"])];
  const field = fieldOptionsOf(defaults, under(note, "fieldConfig.defaults"));
  if (kind === undefined) {
    note("type", `"${type}" is no kind of panel here: it is kept, and shown as what it is`);
    const set = overridesOf(overrides, custom, (own) => ({ ...own }), note);
    return {
      field: Object.keys(custom).length === 0 ? field : { ...field, custom },
      overrides: set,
      options,
    };
  }
  const made = madeBy(kind, { type, options, custom, panel }, (path, why) => {
    // These became overrides.
    if (!/^panel\.(?:seriesOverrides|aliasColors|styles)/.test(path)) note(path, why);
  });
  const own = Object.keys(made.custom).length === 0 ? field : { ...field, custom: made.custom };
  return {
    field: own,
    overrides: overridesOf(overrides, custom, read, note),
    options: made.options,
  };
}

/** A heatmap keeps the unit of its values with its axis. */
function heatmapUnit(type: string, source: Source): Source {
  const unit = recordOf(recordOf(source["options"])["yAxis"])["unit"];
  return type === "heatmap" && textOr(unit) !== undefined ? { unit } : {};
}

function definedOf(source: Source | undefined): Source {
  return Object.fromEntries(
    Object.entries(source ?? {}).filter(([, value]) => value !== undefined && value !== null),
  );
}

function boundedRecord(value: unknown, note: Note): Record<string, unknown> {
  if (value === undefined) return {};
  const copy = bounded(recordOf(value));
  if (isRecord(copy)) return { ...copy };
  note("", "is too large or too deep, and not kept");
  return {};
}

type KindSource = Parameters<PanelKind["fromGrafana"]>[0];
type Made = { options: Record<string, unknown>; custom: Record<string, unknown> };

function madeBy(kind: PanelKind, source: KindSource, note: Note): Made {
  let made: ReturnType<PanelKind["fromGrafana"]>;
  try {
    made = kind.fromGrafana(source, note);
  } catch {
    // Of a form that the kind did not think of.
    note("options", "have a form that is not known here: the defaults count");
    return { options: {}, custom: {} };
  }
  return {
    options: checked(kind.options, made.options, under(note, "options")),
    custom: checked(kind.fieldOptions, made.custom, under(note, "fieldConfig.defaults.custom")),
  };
}

function customOf(
  kind: PanelKind | undefined,
  source: KindSource,
  note: Note,
): Record<string, unknown> {
  return kind === undefined ? { ...source.custom } : madeBy(kind, source, note).custom;
}

/** Without the members that the kind's schema refuses, each with a note. */
function checked(
  schema: PanelKind["options"],
  given: Record<string, unknown>,
  note: Note,
): Record<string, unknown> {
  let kept = given;
  for (let tries = 0; tries < 20; tries += 1) {
    const result = schema.safeParse(kept);
    if (result.success) return kept;
    const refused = new Set(
      result.error.issues.flatMap((issue) =>
        issue.code === "unrecognized_keys" && issue.path.length === 0
          ? issue.keys
          : [String(issue.path[0] ?? "")],
      ),
    );
    for (const issue of result.error.issues)
      note(issue.path.join("."), `${issue.message}: the default counts`);
    const next = Object.fromEntries(Object.entries(kept).filter(([key]) => !refused.has(key)));
    if (Object.keys(next).length === Object.keys(kept).length) return {};
    kept = next;
  }
  return {};
}

const transformationsMax = 100;

function transformationsOf(value: unknown, note: Note): Panel["transformations"] {
  const sources = recordsOf(value);
  if (sources.length > transformationsMax)
    note(
      "transformations",
      `${sources.length}, expected at most ${transformationsMax}: the rest is left out`,
    );
  return sources.slice(0, transformationsMax).flatMap((source, i) => {
    const own = under(note, `transformations[${i}]`);
    const id = textOr(source["id"])?.slice(0, 200);
    if (id === undefined) {
      own("id", "is missing: the transformation is left out");
      return [];
    }
    if (!knownTransformations.has(id))
      own("id", `"${id}" is not known here: it is kept, and lets everything through`);
    if (isRecord(source["filter"]))
      own("filter", "it is applied to all frames, not only to those that the filter lets through");
    if (textOr(source["topic"]) !== undefined) own("topic", "annotations are not transformed");
    noteRest(source, ["id", "options", "disabled", "filter", "topic"], [], own);
    return [
      {
        id,
        ...(source["disabled"] === true ? { disabled: true } : {}),
        options: boundedRecord(source["options"], under(own, "options")),
      },
    ];
  });
}

function repeatOf(source: Source, note: Note): Pick<Panel, "repeat"> {
  const variable = textOr(source["repeat"]);
  if (variable === undefined) return {};
  if (variable.length > 200) {
    note("repeat", "is no name of a variable");
    return {};
  }
  const perRow = wholeOr(source["maxPerRow"], 1, 24);
  return {
    repeat: {
      variable,
      direction: source["repeatDirection"] === "v" ? "down" : "across",
      ...(perRow === undefined ? {} : { per_row: perRow }),
    },
  };
}

/** "1h" is the last hour; "now/d" stands as it is. */
function timeOf(source: Source): Pick<Panel, "time"> {
  const from = textOr(source["timeFrom"]);
  const shift = textOr(source["timeShift"]);
  if (from === undefined && shift === undefined) return {};
  return {
    time: {
      ...(from === undefined
        ? {}
        : { from: (from.startsWith("now") ? from : `now-${from}`).slice(0, 100) }),
      ...(shift === undefined ? {} : { shift: shift.slice(0, 100) }),
      ...(source["hideTimeOverride"] === true ? { hide_note: true } : {}),
    },
  };
}

function pointsOf(source: Source, note: Note): Pick<Panel, "points_max"> {
  const points = wholeOr(source["maxDataPoints"], 1, 100_000);
  if (points !== undefined && points !== numberOr(source["maxDataPoints"]))
    note("maxDataPoints", `${textOr(source["maxDataPoints"]) ?? ""} becomes ${points}`);
  return points === undefined ? {} : { points_max: points };
}

function textPart<K extends string>(
  key: K,
  value: unknown,
  max: number,
): Partial<Record<K, string>> {
  const text = textOr(value);
  const part: Partial<Record<K, string>> = {};
  if (text !== undefined) part[key] = text.slice(0, max);
  return part;
}
