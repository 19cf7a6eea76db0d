import type { Field, Frame } from "./frame.ts";
import type { SeriesAnswer } from "./read_answer.ts";

/** Rows of one table. */
const rowsMax = 1_000_000;

/** One frame with a column for the time, one for each label and one for the value; a row for each sample. */
export function tableFrames(
  { timesMs, series }: SeriesAnswer,
  ask: { readonly ref: string; readonly shared?: boolean },
): readonly Frame[] {
  const labelNames = new Set<string>();
  let rows = 0;
  for (const { labels, values } of series) {
    for (const name of Object.keys(labels)) labelNames.add(name);
    // An instant answer's NaN is a value that the series has; on a grid it is a gap.
    rows += values.length === 1 ? 1 : values.reduce((sum, one) => sum + (one === one ? 1 : 0), 0);
  }
  const length = Math.min(rows, rowsMax);
  const times = new Float64Array(length);
  const numbers = new Float64Array(length);
  const owners = new Uint32Array(length);
  let row = 0;
  series.forEach(({ values }, owner) => {
    for (let i = 0; i < values.length && row < length; i++) {
      const value = values[i] ?? Number.NaN;
      if (Number.isNaN(value) && values.length > 1) continue;
      times[row] = timesMs[i] ?? Number.NaN;
      numbers[row] = value;
      owners[row] = owner;
      row += 1;
    }
  });
  const columns = [...labelNames].toSorted().map((name): Field => {
    const values = Array.from(owners, (owner) => series[owner]?.labels[name] ?? "");
    return { name, type: "string", labels: {}, values, options: {} };
  });
  const value = ask.shared === true ? `Value #${ask.ref}` : "Value";
  const fields: Field[] = [
    { name: "Time", type: "time", labels: {}, values: times, options: {} },
    ...columns,
    { name: value, type: "number", labels: {}, values: numbers, options: {} },
  ];
  const notices = rows > length ? [`${length} of ${rows} rows kept: narrow the query`] : [];
  return [{ ref: ask.ref, name: ask.ref, length, fields, notices }];
}
