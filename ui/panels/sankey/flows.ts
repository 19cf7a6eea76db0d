import type { Field, Frame } from "../../frames/frame.ts";
import { fieldNamed, isHidden, numberAt, numbersOf, textsOf } from "../parts/fields.ts";
import { textOf } from "../parts/text_of.ts";
import type { SankeyOptions } from "./options.ts";

/** Flows of one picture; the smallest beyond them are left out. */
export const flowsMax = 500;

export type Flow = {
  readonly from: string;
  readonly to: string;
  readonly value: number;
  /** The largest amount that is added up in it, which its links are filled in with. */
  readonly largest: { readonly field: Field; readonly row: number };
};

export type Flows = {
  readonly nodes: readonly string[];
  readonly flows: readonly Flow[];
  /** The column of amounts, for its unit. */
  readonly field: Field | undefined;
  readonly left: number;
  /** Flows that would close a circle, which such a picture can't show. */
  readonly circular: number;
};

/** What goes from each column's text to the next column's, added up over the rows. Series give their labels as columns. */
export function flowsOf(frames: readonly Frame[], options: SankeyOptions): Flows {
  const sums = new Map<string, Flow>();
  let field: Field | undefined;
  const add = (path: readonly string[], amounts: Field, row: number): void => {
    const value = numberAt(amounts, row);
    if (!(value > 0)) return;
    for (let i = 0; i + 1 < path.length; i++) {
      const [from = "", to = ""] = path.slice(i, i + 2);
      if (from === "" || to === "") continue;
      const key = JSON.stringify([from, to]);
      const before = sums.get(key);
      const isLargest =
        before === undefined || value > numberAt(before.largest.field, before.largest.row);
      const largest = isLargest ? { field: amounts, row } : before.largest;
      sums.set(key, { from, to, value: value + (before?.value ?? 0), largest });
    }
  };
  for (const frame of frames) {
    const amounts =
      options.value === ""
        ? numbersOf(frame).find((each) => !isHidden(each))
        : fieldNamed(frame, options.value);
    if (amounts === undefined) continue;
    field ??= amounts;
    const columns =
      options.columns.length > 0
        ? options.columns.map((name) => fieldNamed(frame, name))
        : textsOf(frame);
    if (columns.every((column) => column === undefined)) {
      const names = options.columns.length > 0 ? options.columns : Object.keys(amounts.labels);
      add(
        names.map((name) => amounts.labels[name] ?? ""),
        amounts,
        lastRow(amounts),
      );
      continue;
    }
    for (let i = 0; i < frame.length; i++) {
      add(
        columns.map((column) => textOf(column?.values[i])),
        amounts,
        i,
      );
    }
  }
  const sorted = [...sums.values()].toSorted((a, b) => b.value - a.value);
  const { flows, circular } = withoutCircles(sorted.slice(0, flowsMax));
  const nodes = [...new Set(flows.flatMap(({ from, to }) => [from, to]))];
  return { nodes, flows, field, left: Math.max(0, sorted.length - flowsMax), circular };
}

/** Of the last number; before the first row where there is none. */
function lastRow(field: Field): number {
  let row = field.values.length - 1;
  while (row >= 0 && Number.isNaN(numberAt(field, row))) row--;
  return row;
}

/** Takes the flows by size, and leaves out each that would lead back to where it comes from. */
function withoutCircles(sorted: readonly Flow[]): { flows: Flow[]; circular: number } {
  const next = new Map<string, Set<string>>();
  const flows: Flow[] = [];
  for (const flow of sorted) {
    if (flow.from === flow.to || reaches(next, flow.to, flow.from)) continue;
    flows.push(flow);
    const targets = next.get(flow.from) ?? new Set<string>();
    targets.add(flow.to);
    next.set(flow.from, targets);
  }
  return { flows, circular: sorted.length - flows.length };
}

function reaches(
  next: ReadonlyMap<string, ReadonlySet<string>>,
  from: string,
  to: string,
): boolean {
  const seen = new Set<string>();
  const waiting = [from];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    waiting.push(...(next.get(at) ?? []));
  }
  return false;
}
