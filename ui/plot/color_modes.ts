import { labelsKey } from "#shared/model/labels.ts";
import type { FieldOptions, Thresholds } from "#shared/dashboards/dashboard.ts";
import type { Field } from "../frames/frame.ts";
import { reduceNumber } from "../frames/reduce.ts";
import { mixed, resolveColor, withAlpha } from "./colors.ts";
import { keyStyles, type SeriesStyle } from "./palette.ts";

/** Continuous scales by Grafana's ids, from the smallest value to the largest. */
const continuous: Readonly<Record<string, readonly string[]>> = {
  "continuous-GrYlRd": ["green", "yellow", "red"],
  "continuous-RdYlGr": ["red", "yellow", "green"],
  "continuous-YlRd": ["super-light-yellow", "orange", "dark-red"],
  "continuous-BlYlRd": ["dark-blue", "super-light-yellow", "dark-red"],
  "continuous-YlBl": ["super-light-yellow", "dark-blue"],
  "continuous-BlPu": ["blue", "purple"],
  "continuous-blues": ["super-light-blue", "dark-blue"],
  "continuous-reds": ["super-light-red", "dark-red"],
  "continuous-greens": ["super-light-green", "dark-green"],
  "continuous-purples": ["super-light-purple", "dark-purple"],
  "continuous-viridis": ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"],
  "continuous-magma": ["#000004", "#51127c", "#b73779", "#fc8961", "#fcfdbf"],
  "continuous-plasma": ["#0d0887", "#7e03a8", "#cc4778", "#f89540", "#f0f921"],
  "continuous-inferno": ["#000004", "#57106e", "#bc3754", "#f98e09", "#fcffa4"],
  "continuous-cividis": ["#00224e", "#434e6c", "#7d7c78", "#bcae6c", "#fee838"],
};

/** The smallest and largest value that percentages and continuous colours are of. */
export type ValueRange = { readonly min: number; readonly max: number };

/** A field's own bounds, or those of its values where it has none. */
export function rangeOf(field: Field): ValueRange {
  const { min = reduceNumber(field.values, "min"), max = reduceNumber(field.values, "max") } =
    field.options;
  return {
    min: Number.isFinite(min) ? min : 0,
    max: Number.isFinite(max) ? max : 100,
  };
}

/** The last step that the value reaches. */
function thresholdColor(
  value: number,
  thresholds: Thresholds | undefined,
  range: ValueRange,
  dark: boolean,
): string {
  const steps = thresholds?.steps ?? defaultSteps;
  const isPercentage = thresholds?.mode === "percentage";
  const compared = isPercentage ? partOf(value, range) * 100 : value;
  let color = steps[0]?.color;
  for (const step of steps) {
    if (step.value === null || compared >= step.value) color = step.color;
  }
  return resolveColor(color, dark) ?? fallback(dark);
}

const defaultSteps: Thresholds["steps"] = [
  { value: null, color: "green" },
  { value: 80, color: "red" },
];

/** A threshold's value on the axis. */
export function thresholdValue(
  value: number | null,
  thresholds: Thresholds,
  { min, max }: ValueRange,
): number {
  if (value === null) return Number.NEGATIVE_INFINITY;
  return thresholds.mode === "percentage" ? min + ((max - min) * value) / 100 : value;
}

/** The colour that a value has by the field's mode, or undefined where the mode colours series, not values. */
export function valueColor(
  value: number,
  options: FieldOptions,
  range: ValueRange,
  dark: boolean,
): string | undefined {
  const mode = options.color?.mode ?? "palette-classic";
  if (mode === "fixed") return resolveColor(options.color?.fixed, dark) ?? fallback(dark);
  if (mode === "thresholds") return thresholdColor(value, options.thresholds, range, dark);
  const scale = continuous[mode];
  if (scale === undefined) return undefined;
  const colors = scale.map((name) => resolveColor(name, dark) ?? fallback(dark));
  return mixed(colors, partOf(value, range));
}

/** Colours and dashes of series: by label set where the mode is a palette, else by the mode. */
export function fieldStyles(fields: readonly Field[], dark: boolean): SeriesStyle[] {
  const palette = keyStyles(fieldKeys(fields), dark);
  return fields.map((field, i) => {
    const style = palette[i] ?? { color: fallback(dark), dash: [] };
    const { mode = "palette-classic", fixed, by = "last" } = field.options.color ?? {};
    if (mode === "fixed") return { color: resolveColor(fixed, dark) ?? style.color, dash: [] };
    if (mode === "shades") {
      const base = resolveColor(fixed, dark) ?? style.color;
      return { color: shade(base, i, fields.length, dark), dash: [] };
    }
    if (!isByValue(mode)) return style;
    const reducer = by === "last" ? "lastNotNull" : by;
    const value = reduceNumber(field.values, reducer);
    if (Number.isNaN(value)) return style;
    const color = valueColor(value, field.options, rangeOf(field), dark);
    return { color: color ?? style.color, dash: [] };
  });
}

/** A series is known by its labels, in whatever panel it is; those of several queries that have the same are told apart by their names. */
function fieldKeys(fields: readonly Field[]): string[] {
  const keys = fields.map(({ labels, name }) => labelsKey(labels) || name);
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return keys.map((key, i) => ((counts.get(key) ?? 0) > 1 ? `${key} ${fields[i]?.name}` : key));
}

/** Whether colours follow values. */
function isByValue(mode: string | undefined): boolean {
  return mode === "thresholds" || (mode !== undefined && mode in continuous);
}

function shade(base: string, i: number, count: number, dark: boolean): string {
  const towards = dark ? "#10161d" : "#ffffff";
  return count < 2 ? base : mixed([base, mixed([base, towards], 0.65)], i / (count - 1));
}

function partOf(value: number, { min, max }: ValueRange): number {
  return max > min ? (value - min) / (max - min) : 0;
}

function fallback(dark: boolean): string {
  return dark ? "#95a4b2" : "#66747f";
}

/** Stops of a gradient from the smallest to the largest value, for fills. */
export function gradientStops(
  options: FieldOptions,
  range: ValueRange,
  base: string,
  dark: boolean,
): readonly (readonly [part: number, color: string])[] {
  const mode = options.color?.mode ?? "";
  if (mode === "thresholds" && options.thresholds !== undefined) {
    const { thresholds } = options;
    const stops: (readonly [number, string])[] = [];
    for (const { value, color } of thresholds.steps) {
      const at = thresholdValue(value, thresholds, range);
      const part = Math.max(0, Math.min(1, partOf(at, range)));
      const resolved = resolveColor(color, dark) ?? base;
      const before = stops.at(-1)?.[1];
      if (before !== undefined) stops.push([part, before]);
      stops.push([Number.isFinite(at) ? part : 0, resolved]);
    }
    return stops;
  }
  const scale = continuous[mode];
  if (scale === undefined)
    return [
      [0, withAlpha(base, 0.5)],
      [1, base],
    ];
  return scale.map(
    (name, i) => [i / (scale.length - 1), resolveColor(name, dark) ?? base] as const,
  );
}
