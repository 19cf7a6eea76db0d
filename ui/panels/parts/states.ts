import { displayOf, displayText, fieldName } from "../../plot/display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { keyStyles } from "../../plot/palette.ts";
import { isHidden, numberAt, timeOf } from "./fields.ts";
import { textOf } from "./text_of.ts";

/** Rows of one picture; more have no height. */
export const rowsMax = 200;
/** Values of one row; of more, neighbours are left out. */
const valuesMax = 20_000;

export type StateValue = {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  readonly color: string;
  /** For states that a colour mode places between two bounds, or undefined. */
  readonly key: string;
};

export type StateRow = {
  readonly name: string;
  readonly values: readonly StateValue[];
  /** The column that it shows, with its times. */
  readonly source: { readonly field: Field; readonly time: Field };
};

export type States = {
  readonly rows: readonly StateRow[];
  readonly rowsLeft: number;
  /** Each state once, for the legend. */
  readonly legend: readonly {
    readonly key: string;
    readonly name: string;
    readonly color: string;
  }[];
  readonly startMs: number;
  readonly endMs: number;
};

type Given = {
  readonly merge: boolean;
  readonly window: { readonly startMs: number; readonly endMs: number };
  readonly stepMs: number;
  readonly dark: boolean;
  readonly timeZone: string;
};

const legendMax = 60;

/**
 * A row for each column that is no time, its values as states with a text and a colour: by mapping or threshold, else by a colour of the
 * text's own. A missing value is a gap; with `merge`, equal neighbours are one state.
 */
export function statesOf(frames: readonly Frame[], given: Given): States {
  const columns = frames.flatMap((frame) => {
    const time = timeOf(frame);
    if (time === undefined) return [];
    return frame.fields
      .filter((field) => field !== time && field.type !== "time" && !isHidden(field))
      .map((field) => ({ field, time }));
  });
  const shown = columns.slice(0, rowsMax);
  const texts = shown.map(({ field }) => textColumn(field, given));
  const palette = paletteOf(texts, given.dark);
  const rows = shown.map(({ field, time }, i) => ({
    name: fieldName(field),
    source: { field, time },
    values: valuesOf(time, texts[i] ?? [], palette, given),
  }));
  const legend = new Map<string, { key: string; name: string; color: string }>();
  for (const { values } of rows) {
    for (const { key, text, color } of values) {
      if (legend.size >= legendMax || legend.has(key)) continue;
      legend.set(key, { key, name: text, color });
    }
  }
  const { startMs, endMs } = given.window;
  return {
    rows,
    rowsLeft: columns.length - shown.length,
    legend: [...legend.values()],
    startMs,
    endMs,
  };
}

type Shown = { readonly text: string; readonly color: string | undefined } | undefined;

function textColumn(field: Field, { dark, timeZone }: Given): Shown[] {
  const display = displayOf(field, { dark, timeZone });
  const known = new Map<unknown, Shown>();
  return Array.from({ length: Math.min(field.values.length, valuesMax) }, (_, i) => {
    const value = field.values[i];
    if (value === null || value === undefined || value === "" || Number.isNaN(value))
      return undefined;
    let shown = known.get(value);
    if (shown === undefined) {
      const made = display(value);
      shown = { text: displayText(made) || textOf(value), color: made.color };
      if (known.size < 10_000) known.set(value, shown);
    }
    return shown;
  });
}

/** Colours of texts that no mapping or threshold gives one. */
function paletteOf(columns: readonly (readonly Shown[])[], dark: boolean): Map<string, string> {
  const texts = new Set<string>();
  for (const column of columns) {
    for (const shown of column) {
      if (shown !== undefined && shown.color === undefined && texts.size < 1_000)
        texts.add(shown.text);
    }
  }
  const names = [...texts];
  const styles = keyStyles(names, dark);
  return new Map(names.map((name, i) => [name, styles[i]?.color ?? ""]));
}

function valuesOf(
  time: Field,
  column: readonly Shown[],
  palette: ReadonlyMap<string, string>,
  { merge, window, stepMs }: Given,
): StateValue[] {
  const values: StateValue[] = [];
  for (let i = 0; i < column.length; i++) {
    const startMs = numberAt(time, i);
    const shown = column[i];
    if (shown === undefined || Number.isNaN(startMs)) continue;
    const next = i + 1 < column.length ? numberAt(time, i + 1) : startMs + stepMs;
    // A value stands until the next one; the last one for a step.
    const endMs = Math.min(window.endMs, Math.max(next, startMs));
    const color = shown.color ?? palette.get(shown.text) ?? "";
    const key = `${shown.text}\u0000${color}`;
    const last = values.at(-1);
    if (merge && last !== undefined && last.key === key && last.endMs === startMs) {
      values[values.length - 1] = { ...last, endMs };
    } else {
      values.push({ startMs, endMs, text: shown.text, color, key });
    }
  }
  return values;
}

/** How long each state stood, for a summary: "up 98 %, down 2 %". */
export function sharesOf({ values }: Pick<StateRow, "values">): string {
  const spans = new Map<string, number>();
  let total = 0;
  for (const { text, startMs, endMs } of values) {
    spans.set(text, (spans.get(text) ?? 0) + endMs - startMs);
    total += endMs - startMs;
  }
  return [...spans]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, 10)
    .map(([text, ms]) => `${text} ${total > 0 ? ((100 * ms) / total).toFixed(1) : "0"} %`)
    .join(", ");
}

/** The state at a moment, by bisection: rows are in order of time. */
export function stateAt({ values }: Pick<StateRow, "values">, ms: number): StateValue | undefined {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((values[middle]?.startMs ?? 0) <= ms) low = middle;
    else high = middle - 1;
  }
  const found = values[low];
  return found !== undefined && ms >= found.startMs && ms <= found.endMs ? found : undefined;
}
