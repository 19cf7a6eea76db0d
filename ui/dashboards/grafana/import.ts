import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { OperatingError } from "#shared/errors.ts";
import { annotationsOf } from "./annotations.ts";
import { linksOf, tagsOf } from "./links.ts";
import {
  noteForeign,
  noteList,
  noteRest,
  noteUnless,
  under,
  type ImportedNote,
  type Note,
} from "./notes.ts";
import { toldFromRange } from "./queries.ts";
import { isRecord, listOf, numberOr, recordOf, textOr, type Source } from "./read.ts";
import { rowsOf } from "./rows.ts";
import { settled } from "./settle.ts";
import { sourceReader } from "./sources.ts";
import { classicOf } from "./v2.ts";
import { variablesOf } from "./variables.ts";

/** What became of a dashboard of Grafana's. */
export type Imported = {
  readonly dashboard: Dashboard;
  /** Grafana's, so that links to it can go on working. */
  readonly uid: string | undefined;
  /** Everything of the source that is not carried over as it was. */
  readonly notes: readonly ImportedNote[];
};

const known = [
  "title",
  "description",
  "tags",
  "panels",
  "rows",
  "templating",
  "annotations",
  "links",
  "time",
  "refresh",
  "timezone",
  "graphTooltip",
  "timepicker",
  "fiscalYearStartMonth",
  "weekStart",
  "liveNow",
  "editable",
  "snapshot",
  "__inputs",
  "__elements",
  "uid",
  "sharedCrosshair",
  "hideControls",
  "style",
  "nav",
];
const meaningless = [
  "id",
  "version",
  "schemaVersion",
  "gnetId",
  "iteration",
  "__requires",
  "originalTitle",
  "slug",
  "meta",
  "isStarred",
  "preload",
  "pluginVersion",
  "revision",
  "apiVersion",
  "kind",
  "metadata",
];

/**
 * Reads a dashboard of Grafana's: the classic JSON of any version since rows, one wrapped as its API has it, or a resource
 * (apiVersion, kind, spec). What can't be carried over is noted, the rest is imported. Throws OperatingError("bad_request") for what
 * is no dashboard at all.
 */
export function importGrafana(json: unknown): Imported {
  const { source, uid } = unwrapped(json);
  const { note, notes } = noteList();
  const sourceOf = sourceReader(source);
  noteRest(source, known, meaningless, note);
  noteForeign(textOr(source["title"]) ?? "", note, "title");
  const dashboard = settled(
    {
      title: (textOr(source["title"]) ?? "").slice(0, 200) || "Imported dashboard",
      ...descriptionOf(source),
      tags: tagsOf(source["tags"], 100),
      ...timesOf(source, note),
      crosshair: crosshairOf(source),
      variables: variablesOf(recordOf(source["templating"])["list"], sourceOf, note),
      annotations: annotationsOf(recordOf(source["annotations"])["list"], sourceOf, note),
      links: linksOf(source["links"], 100, note),
      rows: rowsOf(source, sourceOf, note),
    },
    note,
  );
  return { dashboard, uid: textOr(source["uid"]) ?? uid, notes: gathered(notes()) };
}

/** What older versions wrote with each query, in one note: a report of hundreds is not read. */
function gathered(notes: readonly ImportedNote[]): readonly ImportedNote[] {
  const others = notes.filter(({ why }) => !why.endsWith(toldFromRange));
  const count = notes.length - others.length;
  if (count < 2) return notes;
  return [...others, { path: "queries: step", why: `that of ${count} queries ${toldFromRange}` }];
}

function unwrapped(json: unknown): { source: Source; uid: string | undefined } {
  if (!isRecord(json))
    throw none(Array.isArray(json) ? "a list" : json === null ? "null" : `a ${typeof json}`);
  if (isRecord(json["spec"]) && (json["kind"] !== undefined || json["apiVersion"] !== undefined)) {
    const { spec } = json;
    const uid = textOr(recordOf(json["metadata"])["name"]);
    return { source: isRecord(spec["elements"]) ? classicOf(spec) : spec, uid };
  }
  if (isRecord(json["elements"]) && isRecord(json["layout"]))
    return { source: classicOf(json), uid: undefined };
  if (isRecord(json["dashboard"]) && !Array.isArray(json["panels"]))
    return unwrapped(json["dashboard"]);
  const has = ["panels", "rows"].some((key) => Array.isArray(json[key]));
  const isOne =
    has ||
    (json["title"] !== undefined &&
      (json["schemaVersion"] !== undefined || isRecord(json["templating"])));
  if (!isOne) throw none(`an object of ${Object.keys(json).slice(0, 5).join(", ") || "nothing"}`);
  return { source: json, uid: undefined };
}

function none(found: string): OperatingError {
  return new OperatingError(
    "bad_request",
    `this is no dashboard of Grafana's: found ${found.slice(0, 200)}, expected an object with a title and panels, as "Export" there gives it`,
  );
}

function descriptionOf(source: Source): { description?: string } {
  const description = textOr(source["description"]);
  return description === undefined ? {} : { description: description.slice(0, 100_000) };
}

function timesOf(source: Source, note: Note): Pick<Dashboard, "time" | "refresh" | "time_zone"> {
  const time = recordOf(source["time"]);
  const picker = recordOf(source["timepicker"]);
  noteUnless(
    source,
    { hideControls: [false], style: ["dark"] },
    note,
    "is not kept: how the page looks is each person's choice",
  );
  notePicker(picker, under(note, "timepicker"));
  for (const key of ["from", "to"])
    if (textOr(time[key]) !== undefined && momentOf(time[key], "") === "")
      note(`time.${key}`, `"${textOr(time[key])?.slice(0, 50)}" is no moment: the default counts`);
  if (picker["hidden"] === true) note("timepicker.hidden", "the time picker is always shown");
  if (textOr(picker["nowDelay"]) !== undefined) note("timepicker.nowDelay", "now is now");
  if ((numberOr(source["fiscalYearStartMonth"]) ?? 0) !== 0)
    note("fiscalYearStartMonth", "fiscal years are not known here");
  if (textOr(source["weekStart"]) !== undefined)
    note("weekStart", "the first day of a week is the browser's");
  if (source["liveNow"] === true)
    note("liveNow", "pictures move with each refresh, not between them");
  if (source["editable"] === false)
    note("editable", "who may change a dashboard is not kept in it");
  if (source["snapshot"] !== undefined && source["snapshot"] !== null)
    note("snapshot", "kept data are not carried over: panels ask anew");
  return {
    time: { from: momentOf(time["from"], "now-1h"), to: momentOf(time["to"], "now") },
    refresh: (textOr(source["refresh"]) ?? "").slice(0, 20),
    time_zone: (textOr(source["timezone"]) ?? "browser").slice(0, 100),
  };
}

const intervals = ["1s", "5s", "10s", "15s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"];
const ranges = ["5m", "15m", "1h", "6h", "12h", "24h", "2d", "7d", "30d"];

/** The picker of times offers the interface's own choices. */
function notePicker(picker: Source, note: Note): void {
  const isOffered = (key: string, offered: readonly string[]): boolean =>
    listOf(picker[key]).every((each) => offered.some((own) => own === each));
  if (!isOffered("refresh_intervals", intervals))
    note("refresh_intervals", "the intervals offered are the interface's own");
  if (!isOffered("time_options", ranges))
    note("time_options", "the ranges offered are the interface's own");
  noteRest(
    picker,
    ["hidden", "nowDelay", "refresh_intervals", "time_options"],
    ["collapse", "enable", "notice", "now", "status", "type"],
    note,
  );
}

/** Relative as it is; a date becomes Unix milliseconds, as the address has it. */
function momentOf(value: unknown, otherwise: string): string {
  const text = textOr(value)?.slice(0, 100);
  if (text === undefined) return otherwise;
  if (text.startsWith("now") || /^\d+$/.test(text)) return text;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? otherwise : String(ms);
}

function crosshairOf(source: Source): Dashboard["crosshair"] {
  if (source["sharedCrosshair"] === true) return "line";
  const mode = numberOr(source["graphTooltip"]) ?? 0;
  return mode === 2 ? "tooltip" : mode === 1 ? "line" : "off";
}
