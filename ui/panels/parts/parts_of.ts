import { displayOf, displayText, fieldName } from "../../plot/display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { reduceNumber } from "../../frames/reduce.ts";
import { fieldStyles } from "../../plot/color_modes.ts";
import { keyStyles } from "../../plot/palette.ts";
import { fieldNamed, isHidden, numberAt, numbersOf, textsOf } from "./fields.ts";
import type { ReduceOptions } from "./reduce_options.ts";
import { textOf } from "./text_of.ts";

/** A named value of a whole. */
export type Part = {
  readonly key: string;
  readonly name: string;
  readonly value: number;
  readonly text: string;
  readonly color: string;
  readonly field: Field;
  /** The row it comes from. */
  readonly index: number;
};

export type PartsContext = { readonly dark: boolean; readonly timeZone: string };

/** The values that the options ask for, each with its name, text and colour. Values that are none are left out. */
export function partsOf(
  frames: readonly Frame[],
  options: ReduceOptions,
  context: PartsContext,
): Part[] {
  const parts = options.each_row
    ? frames.flatMap((frame) => rowParts(frame, options, context))
    : columnParts(frames, options, context);
  const seen = new Map<string, number>();
  return parts
    .filter(({ value }) => Number.isFinite(value))
    .map((part) => {
      const count = seen.get(part.name) ?? 0;
      seen.set(part.name, count + 1);
      return { ...part, key: count === 0 ? part.name : `${part.name} (${count + 1})` };
    });
}

function columnParts(
  frames: readonly Frame[],
  options: ReduceOptions,
  context: PartsContext,
): Part[] {
  const fields = frames.flatMap((frame) => wanted(frame, options));
  const styles = fieldStyles(fields, context.dark);
  return fields.map((field, i) => {
    const value = reduceNumber(field.values, options.reducer);
    const shown = displayOf(field, context)(value);
    return {
      key: "",
      name: fieldName(field),
      value,
      text: displayText(shown),
      color: shown.color ?? styles[i]?.color ?? "",
      field,
      index: Math.max(0, field.values.length - 1),
    };
  });
}

function rowParts(frame: Frame, options: ReduceOptions, context: PartsContext): Part[] {
  const names = textsOf(frame)[0];
  const fields = wanted(frame, options);
  return fields.flatMap((field) => {
    const nameAt = (i: number): string => {
      const own = textOf(names?.values[i]);
      if (names === undefined)
        return frame.length === 1 ? fieldName(field) : `${fieldName(field)} ${i + 1}`;
      return fields.length === 1 ? own : `${own} ${fieldName(field)}`;
    };
    const rows = Array.from({ length: frame.length }, (_, i) => nameAt(i));
    const styles = keyStyles(rows, context.dark);
    const display = displayOf(field, context);
    return rows.map((name, i) => {
      const value = numberAt(field, i);
      const shown = display(value);
      return {
        key: "",
        name,
        value,
        text: displayText(shown),
        color: shown.color ?? styles[i]?.color ?? "",
        field,
        index: i,
      };
    });
  });
}

function wanted(frame: Frame, { field: name }: ReduceOptions): Field[] {
  const named = name === "" ? undefined : fieldNamed(frame, name);
  const fields = name === "" ? numbersOf(frame) : named === undefined ? [] : [named];
  return fields.filter((field) => !isHidden(field));
}
