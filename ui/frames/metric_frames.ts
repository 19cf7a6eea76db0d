import type { Field, Frame } from "./frame.ts";
import { seriesNames } from "./legend.ts";
import type { SeriesAnswer } from "./read_answer.ts";

/** What the makers of frames need to know of a question. */
export type Asked = {
  readonly ref: string;
  readonly legend: string | undefined;
  readonly expr: string;
};

/** A frame of a time and a number for each series. The frames share one time field's values. */
export function metricFrames({ timesMs, series }: SeriesAnswer, ask: Asked): readonly Frame[] {
  const names = seriesNames(
    series.map(({ labels }) => labels),
    ask.legend,
    ask.expr,
  );
  const time = timeField(timesMs);
  return series.map(({ labels, values }, i) => {
    const name = names[i] ?? "";
    const number: Field = { name, type: "number", labels, values, options: {} };
    return { ref: ask.ref, name, length: timesMs.length, fields: [time, number], notices: [] };
  });
}

export function timeField(timesMs: Float64Array): Field {
  return { name: "Time", type: "time", labels: {}, values: timesMs, options: {} };
}
