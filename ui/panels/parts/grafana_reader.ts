import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";

/** Values that ask for nothing: leaving them out loses nothing. */
const nothing: ReadonlySet<unknown> = new Set([
  undefined,
  null,
  false,
  "",
  "none",
  "auto",
  "off",
  "default",
  "linear",
]);
/** A flag of Grafana 7 that `displayMode` stands beside; it was written with every legend, and is read no more. */
const withoutMeaning = ["options.legend.asTable"] as const;
const noCounterpart = "has no counterpart here";

/** Paths, each with the values that are Grafana's defaults. */
export type GrafanaDefaults = Readonly<Record<string, readonly unknown[]>>;

/**
 * Reads a Grafana panel's options by their paths ("options.legend.showLegend"), and knows afterwards which were not read.
 * A value of another type than asked for counts as absent, and is named in the report.
 */
export type GrafanaReader = {
  readonly text: (path: string) => string | undefined;
  readonly flag: (path: string) => boolean | undefined;
  /** Within bounds; a number beyond them, which becomes the bound, is named. */
  readonly number: (path: string, min?: number, max?: number) => number | undefined;
  /** The same, rounded. */
  readonly whole: (path: string, min?: number, max?: number) => number | undefined;
  /** One of a list of values, or the value that another one of Grafana's is called here. */
  readonly choice: <T extends string>(
    path: string,
    values: readonly T[],
    renamed?: Readonly<Record<string, T>>,
  ) => T | undefined;
  readonly texts: (path: string) => string[] | undefined;
  /** Whatever is there; it counts as read, so the caller carries all of it over or names what it does not. */
  readonly any: (path: string) => unknown;
  /** Nothing is made of these: what says something else than Grafana's defaults is named in the report. */
  readonly drop: (defaults: GrafanaDefaults, why?: string) => void;
  /** Names everything that was not read and asks for something; gives both records without what is undefined. */
  readonly done: (
    options: Readonly<Record<string, unknown>>,
    custom?: Readonly<Record<string, unknown>>,
  ) => { options: Record<string, unknown>; custom: Record<string, unknown> };
};

export function readGrafana(source: GrafanaPanelSource, note: ImportNote): GrafanaReader {
  const read: string[] = [...withoutMeaning];
  const at = (path: string): unknown => {
    read.push(path);
    return valueAt(source, path);
  };
  const checked = <T>(path: string, is: (value: unknown) => value is T, expected: string) => {
    const value = at(path);
    if (is(value)) return value;
    if (!nothing.has(value)) note(path, `${shown(value)} is not ${expected}`);
    return undefined;
  };
  return {
    text: (path) => checked(path, (value) => typeof value === "string", "a text"),
    flag: (path) => checked(path, (value) => typeof value === "boolean", "true or false"),
    number: (path, min = -Infinity, max = Infinity) => {
      const value = checked(path, isNumber, "a number");
      if (value === undefined) return undefined;
      const kept = Math.min(max, Math.max(min, value));
      if (kept !== value) note(path, `${value} is out of bounds here, and becomes ${kept}`);
      return kept;
    },
    whole: (path, min = -Infinity, max = Infinity) => {
      const value = checked(path, isNumber, "a number");
      if (value === undefined) return undefined;
      const kept = Math.round(Math.min(max, Math.max(min, value)));
      if (kept !== value) note(path, `${value} becomes ${kept}`);
      return kept;
    },
    choice: (path, values, renamed = {}) => {
      const value = at(path);
      const known = values.find((each) => each === value);
      if (known !== undefined) return known;
      const here = typeof value === "string" ? renamed[value] : undefined;
      if (here === undefined && !nothing.has(value)) {
        note(path, `${shown(value)} is not one of ${values.join(", ")}`);
      }
      return here;
    },
    texts: (path) => checked(path, isTexts, "a list of texts"),
    any: at,
    drop: (defaults, why = noCounterpart) => {
      for (const [path, values] of Object.entries(defaults)) {
        const value = at(path);
        if (!isDefault(value, values)) note(path, `${shown(value)} ${why}`);
      }
    },
    done: (options, custom = {}) => {
      noteUnread("options", source.options, read, note);
      noteUnread("custom", source.custom, read, note);
      return { options: defined(options), custom: defined(custom) };
    },
  };
}

function isDefault(value: unknown, defaults: readonly unknown[]): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (value === false && !defaults.includes(true)) return true;
  if (isRecord(value)) {
    const members = Object.entries(value);
    return [{}, ...defaults.filter(isRecord)].some((each) =>
      members.every(([name, member]) => isDefault(member, name in each ? [each[name]] : [])),
    );
  }
  if (Array.isArray(value) && value.length === 0) return true;
  const text = JSON.stringify(value);
  return defaults.some((each) => JSON.stringify(each) === text);
}

function valueAt(source: GrafanaPanelSource, path: string): unknown {
  const [root, ...names] = path.split(".");
  let value: unknown =
    root === "custom" ? source.custom : root === "panel" ? source.panel : source.options;
  for (const name of names) {
    value = Array.isArray(value) ? value[Number(name)] : isRecord(value) ? value[name] : undefined;
  }
  return value;
}

function noteUnread(path: string, value: unknown, read: readonly string[], note: ImportNote): void {
  if (read.includes(path) || nothing.has(value)) return;
  if (isRecord(value)) {
    for (const [name, each] of Object.entries(value)) {
      noteUnread(`${path}.${name}`, each, read, note);
    }
    return;
  }
  if (Array.isArray(value) && value.every(isRecord)) {
    for (const [i, each] of value.entries()) noteUnread(`${path}.${i}`, each, read, note);
    return;
  }
  note(path, `${shown(value)} ${noCounterpart}`);
}

/** Grafana's legend of a picture without a time axis: shown or not, and where. */
export function legendFromGrafana(
  from: GrafanaReader,
  modes: readonly string[] = ["list"],
  hasCalcs = true,
): Record<string, unknown> {
  const show = from.flag("options.legend.showLegend");
  const mode = from.any("options.legend.displayMode");
  from.drop({ "options.legend.displayMode": [...modes, "hidden"] }, "is no form of this legend");
  if (hasCalcs)
    from.drop({ "options.legend.calcs": [] }, "are figures that this legend does not have");
  else from.any("options.legend.calcs");
  return defined({
    show: mode === "hidden" ? false : show,
    placement: from.choice("options.legend.placement", ["bottom", "right"] as const),
  });
}

/** Grafana's tooltip, of kinds whose own tells always of what is pointed at. */
export function dropTooltip(from: GrafanaReader, modes: readonly string[] = ["single"]): void {
  const mode = from.any("options.tooltip.mode");
  const why = mode === "none" ? "is not kept: a tooltip is shown" : "tells of one value here";
  from.drop({ "options.tooltip.mode": modes }, why);
  // Of one value there is no order.
  if (mode === "multi") from.drop({ "options.tooltip.sort": ["none"] });
  else from.any("options.tooltip.sort");
  from.drop(tooltipSizes);
}

/** Pixels at most: Grafana's defaults. */
export const tooltipSizes: GrafanaDefaults = {
  "options.tooltip.maxHeight": [600],
  "options.tooltip.maxWidth": [300],
};

/** Whether a field is left out of the picture. From the legend or the tooltip alone it can't be left out: that is named. */
export function hideFromGrafana(from: GrafanaReader): boolean | undefined {
  from.drop(
    { "custom.hideFrom.legend": [false], "custom.hideFrom.tooltip": [false] },
    "is not kept: a field is left out of the picture, or not at all",
  );
  return from.flag("custom.hideFrom.viz");
}

/** How Grafana draws the axis of a field, with its defaults: for kinds that do it in their own manner. */
export const axisDefaults: GrafanaDefaults = {
  "custom.axisPlacement": ["auto"],
  "custom.axisLabel": [""],
  "custom.axisColorMode": ["text"],
  "custom.axisBorderShow": [false],
  "custom.axisCenteredZero": [false],
  "custom.axisGridShow": [],
  "custom.axisWidth": [],
  "custom.axisSoftMin": [],
  "custom.axisSoftMax": [],
  "custom.scaleDistribution": [{ type: "linear" }],
};

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? "undefined";
}

function defined(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
