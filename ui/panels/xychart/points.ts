import { fieldName } from "../../plot/display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { fieldStyles } from "../../plot/color_modes.ts";
import { fieldNamed, isHidden, numberAt, numbersOf, timeOf } from "../parts/fields.ts";
import type { XyChartOptions } from "./options.ts";

/** Points of one picture; of more, every so-manieth is drawn. */
const pointsMax = 20_000;

export type XySeries = {
  readonly key: string;
  readonly name: string;
  readonly color: string;
  readonly x: Field;
  readonly y: Field;
  readonly size: Field | undefined;
  readonly colorBy: Field | undefined;
  /** Rows that are drawn. */
  readonly rows: readonly number[];
};

export type XyPoints = {
  readonly series: readonly XySeries[];
  readonly drawn: number;
  readonly total: number;
};

type Chosen = Omit<XySeries, "key" | "color" | "rows">;

/** The series that the options name, or every column of numbers over x. */
export function pointsOf(
  frames: readonly Frame[],
  options: XyChartOptions,
  dark: boolean,
): XyPoints {
  const chosen = frames.flatMap((frame) =>
    options.series.length > 0 ? named(frame, options) : automatic(frame, options.x),
  );
  const styles = fieldStyles(
    chosen.map(({ y }) => y),
    dark,
  );
  const total = chosen.reduce((sum, { y }) => sum + y.values.length, 0);
  const every = Math.max(1, Math.ceil(total / pointsMax));
  let drawn = 0;
  const series = chosen.map((each, i) => {
    const rows: number[] = [];
    for (let row = 0; row < each.y.values.length; row += every) {
      if (Number.isNaN(numberAt(each.x, row)) || Number.isNaN(numberAt(each.y, row))) continue;
      rows.push(row);
    }
    drawn += rows.length;
    return { ...each, key: `${i}`, color: styles[i]?.color ?? "", rows };
  });
  return { series, drawn, total };
}

function named(frame: Frame, options: XyChartOptions): Chosen[] {
  return options.series.flatMap((each) => {
    const x = each.x === "" ? xOf(frame, options.x) : fieldNamed(frame, each.x);
    const y = fieldNamed(frame, each.y);
    if (x === undefined || y === undefined) return [];
    return [
      {
        name: each.name === "" ? fieldName(y) : each.name,
        x,
        y,
        size: each.size === "" ? undefined : fieldNamed(frame, each.size),
        colorBy: each.color === "" ? undefined : fieldNamed(frame, each.color),
      },
    ];
  });
}

function automatic(frame: Frame, xName: string): Chosen[] {
  const x = xOf(frame, xName);
  if (x === undefined) return [];
  return numbersOf(frame)
    .filter((field) => field !== x && !isHidden(field))
    .map((y) => ({ name: fieldName(y), x, y, size: undefined, colorBy: undefined }));
}

/** The first of several columns of numbers; a series of one column goes over its time. */
function xOf(frame: Frame, name: string): Field | undefined {
  if (name !== "") return fieldNamed(frame, name);
  const fields = numbersOf(frame);
  return fields.length > 1 ? fields[0] : (timeOf(frame) ?? fields[0]);
}
