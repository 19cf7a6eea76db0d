import { displayOf, displayText, fieldName } from "../../plot/display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { fieldStyles } from "../../plot/color_modes.ts";
import { fieldNamed, isHidden, numberAt, numbersOf, textsOf, timeOf } from "../parts/fields.ts";
import { momentAt } from "../parts/moment.ts";
import { textOf } from "../parts/text_of.ts";

/** Groups of bars that one picture holds. */
export const groupsMax = 400;

export type BarSeries = {
  readonly key: string;
  readonly name: string;
  readonly color: string;
  readonly field: Field;
  /** A value for each group; NaN for none. */
  readonly values: readonly number[];
  readonly texts: readonly string[];
  /** Where colours follow values: one for each group. */
  readonly colors: readonly (string | undefined)[];
  /** The field, and the row in it, that a group's value is of. */
  readonly sourceOf: (group: number) => { readonly field: Field; readonly row: number };
};

export type Bars = {
  readonly groups: readonly string[];
  /** Where all groups are times in order: those. */
  readonly timesMs: readonly number[] | undefined;
  readonly series: readonly BarSeries[];
  /** Groups that were left out. */
  readonly left: number;
};

type Context = { readonly dark: boolean; readonly timeZone: string };
type Given = { readonly x_field: string; readonly color_field: string };

/**
 * Groups by a column of texts or times, a bar in each for every column of numbers. Frames are joined by the group's name. Series of
 * one sample each, as an instant query gives, are one group a series.
 */
export function barsOf(frames: readonly Frame[], options: Given, context: Context): Bars {
  const filled = frames.filter(({ length }) => length > 0);
  const isInstant =
    filled.length > 0 &&
    options.x_field === "" &&
    filled.every((frame) => frame.length === 1 && textsOf(frame).length === 0);
  return isInstant ? instantBars(filled, context) : joinedBars(filled, options, context);
}

function instantBars(frames: readonly Frame[], context: Context): Bars {
  const fields = frames.flatMap((frame) => numbersOf(frame).filter((field) => !isHidden(field)));
  const first = fields[0];
  if (first === undefined) return { groups: [], timesMs: undefined, series: [], left: 0 };
  const shown = fields.slice(0, groupsMax);
  const styles = fieldStyles(shown, context.dark);
  const values = shown.map((field) => numberAt(field, 0));
  const displays = shown.map((field, i) => displayOf(field, context)(values[i]));
  return {
    groups: shown.map(fieldName),
    timesMs: undefined,
    left: fields.length - shown.length,
    series: [
      {
        key: "value",
        name: "Value",
        color: styles[0]?.color ?? "",
        field: first,
        values,
        texts: displays.map(displayText),
        colors: displays.map(({ color }, i) => color ?? styles[i]?.color),
        sourceOf: (group) => ({ field: shown[group] ?? first, row: 0 }),
      },
    ],
  };
}

function joinedBars(frames: readonly Frame[], options: Given, context: Context): Bars {
  const places = new Map<string, number>();
  const times: number[] = [];
  const columns = frames.map((frame) => {
    const x = xOf(frame, options.x_field);
    const names = Array.from({ length: frame.length }, (_, i) => groupName(x, i, context.timeZone));
    for (const [i, name] of names.entries()) {
      if (places.has(name)) continue;
      places.set(name, places.size);
      times.push(x?.type === "time" ? numberAt(x, i) : Number.NaN);
    }
    return { frame, names, x };
  });
  const groups = [...places.keys()].slice(0, groupsMax);
  const given = columns.flatMap(({ frame, names, x }) =>
    numbersOf(frame)
      .filter((field) => field !== x && !isHidden(field))
      .map((field) => ({ field, names, by: fieldNamed(frame, options.color_field) })),
  );
  const styles = fieldStyles(
    given.map(({ field }) => field),
    context.dark,
  );
  const series = given.map(({ field, names, by }, s): BarSeries => {
    const display = displayOf(field, context);
    const colorOf = by === undefined ? undefined : displayOf(by, context);
    const values = Array.from<number>({ length: groups.length }).fill(Number.NaN);
    const colors = Array.from<string | undefined>({ length: groups.length });
    const rows = new Map<number, number>();
    for (let i = 0; i < names.length; i++) {
      const place = places.get(names[i] ?? "") ?? groupsMax;
      if (place >= groups.length) continue;
      values[place] = numberAt(field, i);
      rows.set(place, i);
      colors[place] =
        colorOf === undefined ? display(values[place]).color : colorOf(by?.values[i]).color;
    }
    return {
      key: `${s}`,
      name: fieldName(field),
      color: styles[s]?.color ?? "",
      field,
      values,
      texts: values.map((value) => displayText(display(value))),
      colors,
      sourceOf: (group) => ({ field, row: rows.get(group) ?? 0 }),
    };
  });
  const timesMs = times.slice(0, groups.length);
  return {
    groups,
    timesMs: isAscending(timesMs) ? timesMs : undefined,
    series,
    left: places.size - groups.length,
  };
}

function isAscending(timesMs: readonly number[]): boolean {
  return timesMs.every((ms, i) => (i === 0 ? !Number.isNaN(ms) : ms > (timesMs[i - 1] ?? ms)));
}

function xOf(frame: Frame, name: string): Field | undefined {
  const named = name === "" ? undefined : fieldNamed(frame, name);
  return named ?? textsOf(frame)[0] ?? timeOf(frame);
}

function groupName(x: Field | undefined, i: number, timeZone: string): string {
  if (x === undefined) return `${i + 1}`;
  return x.type === "time" ? momentAt(numberAt(x, i), timeZone) : textOf(x.values[i]);
}
