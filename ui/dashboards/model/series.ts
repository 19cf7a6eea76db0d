import type { Labels } from "#shared/model/labels.ts";
import type { Frame } from "../../frames/frame.ts";
import { textOf } from "./values.ts";

/** What expressions compute over: values over time, or one value where there are no times. */
export type Series = {
  readonly labels: Labels;
  readonly times: Float64Array | undefined;
  readonly values: Float64Array;
};

/** The series and numbers of frames: a table of an instant answer gives a number for each row, with its texts as labels. */
export function seriesOfFrames(frames: readonly Frame[]): readonly Series[] {
  return frames.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === "time");
    const texts = frame.fields.filter(({ type }) => type === "string");
    const numbers = frame.fields.filter(({ type }) => type === "number");
    const isTable = texts.length > 0 || time === undefined;
    return numbers.flatMap((field): Series[] => {
      const values = Float64Array.from(field.values, Number);
      if (!isTable)
        return [{ labels: field.labels, times: Float64Array.from(time.values, Number), values }];
      return Array.from(values, (value, row) => ({
        labels: {
          ...field.labels,
          ...Object.fromEntries(texts.map(({ name, values: own }) => [name, textOf(own[row])])),
        },
        times: undefined,
        values: Float64Array.of(value),
      }));
    });
  });
}

/** A frame for each series; one value is a frame of one row. */
export function framesOfSeries(ref: string, series: readonly Series[]): readonly Frame[] {
  return series.map(({ labels, times, values }): Frame => {
    const text = Object.entries(labels)
      .filter(([name]) => name !== "__name__")
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(", ");
    const name = text === "" ? ref : `{${text}}`;
    const number = { name, type: "number", labels, values, options: {} } as const;
    const time =
      times === undefined
        ? []
        : [{ name: "Time", type: "time", labels: {}, values: times, options: {} } as const];
    return { ref, name, length: values.length, fields: [...time, number], notices: [] };
  });
}
