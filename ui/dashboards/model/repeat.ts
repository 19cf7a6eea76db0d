import type { Panel, Place, Row } from "#shared/dashboards/dashboard.ts";
import type { VariableValue, VariableValues } from "./interpolate.ts";
import { gridColumns } from "./layout.ts";

/** A panel as it stands on the page: of a repeated one, one copy. */
export type ShownPanel = {
  /** Tells copies apart: "7", "7:web-1". */
  readonly key: string;
  readonly panel: Panel;
  readonly place: Place;
  /** Variables that have one value here: those that it and its row are repeated for. */
  readonly scoped: VariableValues;
  /** Whether it stands for itself, and so can be moved and edited; copies can't. */
  readonly original: boolean;
};
export type ShownRow = {
  readonly key: string;
  readonly row: Row;
  readonly scoped: VariableValues;
  readonly original: boolean;
  readonly panels: readonly ShownPanel[];
};

/** What is shown, and how many copies were left out because they would be too many. */
export type Repeated = { readonly rows: readonly ShownRow[]; readonly leftOut: number };

/** A page with more is neither read nor fast. */
const copiesMax = 100;
const perRowDefault = 4;

/** Rows and panels with a copy for each chosen value of the variable they are repeated for. */
export function repeated(rows: readonly Row[], variables: VariableValues): Repeated {
  let leftOut = 0;
  const count = (left: number) => {
    leftOut += left;
  };
  const shown = rows.flatMap((row): ShownRow[] => {
    const copies = copiesOf(row.repeat, variables, count);
    return copies.map(({ suffix, scoped }, i) => ({
      key: `${row.id}${suffix}`,
      row,
      scoped,
      original: i === 0,
      panels: panelsOf(row.panels, suffix, scoped, variables, i === 0, count),
    }));
  });
  return { rows: shown, leftOut };
}

type Copy = { readonly suffix: string; readonly scoped: VariableValues };

/** One without a variable, and also where nothing is chosen: then the panel says so itself. */
function copiesOf(
  name: string | undefined,
  variables: VariableValues,
  leaveOut: (count: number) => void,
): readonly Copy[] {
  const variable = name === undefined ? undefined : variables.get(name);
  if (name === undefined || variable === undefined || variable.values.length === 0)
    return [{ suffix: "", scoped: new Map() }];
  // Text of its own for "all" is an expression, and no value to make a copy for.
  if (variable.raw === true) return [{ suffix: "", scoped: new Map() }];
  leaveOut(Math.max(0, variable.values.length - copiesMax));
  return variable.values.slice(0, copiesMax).map((value, i) => ({
    suffix: `:${value}`,
    scoped: new Map([[name, oneOf(variable, value, i)]]),
  }));
}

function oneOf(variable: VariableValue, value: string, i: number): VariableValue {
  return { values: [value], texts: [variable.texts[i] ?? value], all: false, multi: true };
}

function panelsOf(
  panels: readonly Panel[],
  rowSuffix: string,
  rowScoped: VariableValues,
  variables: VariableValues,
  originalRow: boolean,
  leaveOut: (count: number) => void,
): readonly ShownPanel[] {
  const shown: ShownPanel[] = [];
  let pushed: { readonly from: number; readonly by: number }[] = [];
  const inOrder = panels.toSorted((a, b) => a.place.y - b.place.y || a.place.x - b.place.x);
  for (const panel of inOrder) {
    const down = pushed.reduce((sum, { from, by }) => (panel.place.y >= from ? sum + by : sum), 0);
    const start = { ...panel.place, y: panel.place.y + down };
    const name = panel.repeat?.variable;
    const isScoped = name !== undefined && rowScoped.has(name);
    const copies = copiesOf(isScoped ? undefined : name, variables, leaveOut);
    const places = copies.length > 1 ? placesOf(panel, start, copies.length) : [start];
    copies.forEach(({ suffix, scoped }, i) => {
      shown.push({
        key: `${panel.id}${rowSuffix}${suffix}`,
        panel,
        place: places[i] ?? start,
        scoped: new Map([...rowScoped, ...scoped]),
        original: originalRow && i === 0,
      });
    });
    const bottom = Math.max(...places.map(({ y, h }) => y + h));
    const by = bottom - (start.y + start.h);
    if (by > 0) pushed = [...pushed, { from: panel.place.y + panel.place.h, by }];
  }
  return shown;
}

/** Across: as many in a line as its width and `per_row` let. Down: one below the other. */
function placesOf(panel: Panel, start: Place, count: number): readonly Place[] {
  if (panel.repeat?.direction === "down")
    return Array.from({ length: count }, (_, i) => ({ ...start, y: start.y + i * start.h }));
  const perRow = Math.min(count, panel.repeat?.per_row ?? perRowDefault);
  const w = Math.max(1, Math.floor(gridColumns / perRow));
  return Array.from({ length: count }, (_, i) => ({
    x: (i % perRow) * w,
    y: start.y + Math.floor(i / perRow) * start.h,
    w,
    h: start.h,
  }));
}
