import type { Field, Frame } from "../../frames/frame.ts";
import { fieldNamed, isHidden, numberAt, numbersOf, textsOf } from "../parts/fields.ts";
import { textOf } from "../parts/text_of.ts";
import type { SankeyOptions } from "./options.ts";

/** Flows of one picture; the smallest beyond them are left out. */
export const flowsMax = 500;

export type Flow = { readonly from: string; readonly to: string; readonly value: number };

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
  const add = (path: readonly string[], value: number): void => {
    if (!(value > 0)) return;
    for (let i = 0; i + 1 < path.length; i++) {
      const [from = "", to = ""] = path.slice(i, i + 2);
      if (from === "" || to === "") continue;
      const key = JSON.stringify([from, to]);
      sums.set(key, { from, to, value: value + (sums.get(key)?.value ?? 0) });
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
        lastNumber(amounts),
      );
      continue;
    }
    for (let i = 0; i < frame.length; i++) {
      add(
        columns.map((column) => textOf(column?.values[i])),
        numberAt(amounts, i),
      );
    }
  }
  const sorted = [...sums.values()].toSorted((a, b) => b.value - a.value);
  const { flows, circular } = withoutCircles(sorted.slice(0, flowsMax));
  const nodes = [...new Set(flows.flatMap(({ from, to }) => [from, to]))];
  return { nodes, flows, field, left: Math.max(0, sorted.length - flowsMax), circular };
}

function lastNumber(field: Field): number {
  for (let i = field.values.length - 1; i >= 0; i--) {
    const value = numberAt(field, i);
    if (!Number.isNaN(value)) return value;
  }
  return Number.NaN;
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
