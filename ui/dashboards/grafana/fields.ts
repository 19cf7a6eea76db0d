import type { FieldOptions, Override } from "#shared/dashboards/dashboard.ts";
import { dataLinksOf } from "./links.ts";
import { colorOf, mappingsOf, thresholdsOf } from "./mappings.ts";
import { noteForeign, noteRest, noteUnless, under, type Note } from "./notes.ts";
import {
  isRecord,
  numberOr,
  listOf,
  recordOf,
  recordsOf,
  textOr,
  wholeOr,
  type Source,
} from "./read.ts";

const textMax = 100_000;
const overridesMax = 500;
const propertiesMax = 200;

/** Field options of a kind from Grafana's `custom`; what it can't carry over it notes. */
export type CustomReader = (custom: Source, note: Note) => Record<string, unknown>;

const known = [
  "displayName",
  "displayNameFromDS",
  "description",
  "unit",
  "decimals",
  "min",
  "max",
  "noValue",
  "filterable",
  "color",
  "thresholds",
  "mappings",
  "links",
  "custom",
  "nullValueMode",
];

/** Grafana's standard options, without `custom`, which is the kind's. */
export function fieldOptionsOf(defaults: Source, note: Note): FieldOptions {
  noteRest(defaults, known, ["writeable", "path", "title", "type", "fieldMinMax"], note);
  if (defaults["fieldMinMax"] === true)
    note("fieldMinMax", "least and greatest are told from all fields of the panel");
  noteUnless(defaults, { nullValueMode: ["null", "connected"] }, note);
  noteForeign(textOr(defaults["displayName"]) ?? "", note, "displayName");
  const decimals = numberOr(defaults["decimals"]);
  if (decimals !== undefined && decimals !== wholeOr(decimals, 0, 20))
    note("decimals", `${decimals} becomes ${wholeOr(decimals, 0, 20) ?? ""}`);
  const texts = {
    display_name: textOr(defaults["displayName"] ?? defaults["title"])?.slice(0, textMax),
    description: textOr(defaults["description"])?.slice(0, textMax),
    unit: textOr(defaults["unit"])?.slice(0, 100),
    no_value: textOr(defaults["noValue"])?.slice(0, textMax),
  };
  const numbers = {
    decimals: wholeOr(defaults["decimals"], 0, 20),
    min: numberOr(defaults["min"]),
    max: numberOr(defaults["max"]),
  };
  const filterable = defaults["filterable"];
  const mappings = mappingsOf(defaults["mappings"], note);
  const links = dataLinksOf(defaults["links"], under(note, "links"));
  return present({
    ...texts,
    ...numbers,
    filterable: typeof filterable === "boolean" ? filterable : undefined,
    color: fieldColor(defaults["color"], note),
    thresholds: thresholdsOf(defaults["thresholds"], note),
    mappings: mappings.length === 0 ? undefined : mappings,
    links: links.length === 0 ? undefined : links,
  });
}

/** The same without members that are undefined. */
function present(options: FieldOptions): FieldOptions {
  const kept: FieldOptions = {};
  Object.assign(
    kept,
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  );
  return kept;
}

function fieldColor(value: unknown, note: Note): FieldOptions["color"] {
  if (!isRecord(value)) {
    if (textOr(value) !== undefined) note("color", "has no mode, as Grafana expects: left out");
    return undefined;
  }
  noteRest(value, ["mode", "fixedColor", "seriesBy"], [], note, "color");
  const mode = textOr(value["mode"])?.slice(0, 64);
  if (mode === undefined) return undefined;
  const fixed = colorOf(value["fixedColor"]);
  if (value["fixedColor"] !== undefined && fixed === undefined)
    note("color.fixedColor", "is no colour, and left out");
  const by = (["last", "min", "max"] as const).find((each) => each === value["seriesBy"]);
  return { mode, ...(fixed === undefined ? {} : { fixed }), ...(by === undefined ? {} : { by }) };
}

/** Overrides: those whose matcher is not known are left out, with a note. */
export function overridesOf(
  value: unknown,
  base: Source,
  readCustom: CustomReader,
  note: Note,
): Override[] {
  const sources = recordsOf(value);
  if (sources.length > overridesMax)
    note(
      "overrides",
      `${sources.length} overrides, expected at most ${overridesMax}: the rest is left out`,
    );
  return sources.slice(0, overridesMax).flatMap((source, i) => {
    const own = under(note, `overrides[${i}]`);
    const match = matchOf(recordOf(source["matcher"]), own);
    if (match === undefined) return [];
    const { options, custom } = propertiesOf(source["properties"], own);
    const set = fieldOptionsOf(options, own);
    const changed = changedCustom(custom, base, readCustom, own);
    noteRest(source, ["matcher", "properties"], ["__systemRef"], own);
    return [{ match, set: Object.keys(changed).length === 0 ? set : { ...set, custom: changed } }];
  });
}

/** What the kind makes of the panel's `custom` together with the override's that it does not make of the panel's alone. */
function changedCustom(
  custom: Source,
  base: Source,
  readCustom: CustomReader,
  note: Note,
): Record<string, unknown> {
  if (Object.keys(custom).length === 0) return {};
  const before = readCustom(base, () => undefined);
  const after = readCustom({ ...base, ...custom }, (path, why) => {
    // Of the panel's own members the panel has its notes.
    if (Object.keys(custom).some((key) => path.includes(key))) note(path, why);
  });
  return Object.fromEntries(
    Object.entries(after).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key]),
    ),
  );
}

function propertiesOf(value: unknown, note: Note): { options: Source; custom: Source } {
  const options: Record<string, unknown> = {};
  const custom: Record<string, unknown> = {};
  const properties = recordsOf(value);
  if (properties.length > propertiesMax)
    note(
      "properties",
      `${properties.length} properties, expected at most ${propertiesMax}: the rest is left out`,
    );
  for (const property of properties.slice(0, propertiesMax)) {
    const id = textOr(property["id"]);
    if (id === undefined || id.includes("__proto__") || id === "constructor") continue;
    if (id.startsWith("custom.")) setIn(custom, id.slice("custom.".length), property["value"]);
    else setIn(options, id, property["value"]);
  }
  return { options, custom };
}

/** "lineStyle.fill" one level deep, as Grafana's own ids are. */
function setIn(target: Record<string, unknown>, path: string, value: unknown): void {
  const [first = "", ...rest] = path.split(".");
  if (rest.length === 0) target[first] = value;
  else target[first] = { ...recordOf(target[first]), [rest.join(".")]: value };
}

function matchOf(matcher: Source, note: Note): Override["match"] | undefined {
  const [id, options] = [textOr(matcher["id"]), matcher["options"]];
  const text = (textOr(options) ?? "").slice(0, textMax);
  switch (id) {
    case "byName":
      return { by: "name", value: text };
    case "byRegexp":
      return { by: "regex", value: text };
    case "byType":
      return { by: "type", value: text };
    case "numeric":
      return { by: "type", value: "number" };
    case "time":
      return { by: "type", value: "time" };
    case "byFrameRefID":
      return { by: "query", value: text };
    case "byNames":
      return namesMatch(recordOf(options));
    case "byValue":
      return valueMatch(recordOf(options));
    default:
      note("matcher", `"${id ?? ""}" is not known here: the override is left out`);
      return undefined;
  }
}

/** A click on Grafana's legend keeps what is hidden as all but these. */
function namesMatch(options: Source): Override["match"] {
  const names = listOf(options["names"]).flatMap((each) => textOr(each) ?? []);
  const plain = names.every((name) => !name.includes(",") && !name.startsWith("["));
  return {
    by: options["mode"] === "exclude" ? "others" : "names",
    value: (plain ? names.join(",") : JSON.stringify(names)).slice(0, textMax),
  };
}

const operators: Readonly<Record<string, string>> = {
  eq: "=",
  neq: "!=",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
};

function valueMatch(options: Source): Override["match"] {
  const op = textOr(options["op"]) ?? "";
  const reducer = textOr(options["reducer"]) ?? "last";
  return {
    by: "value",
    value: `${reducer} ${operators[op] ?? op} ${textOr(options["value"]) ?? "0"}`.slice(0, textMax),
  };
}
