import type { Field, Frame } from "../../frames/frame.ts";
import { fieldCalled, numberAt } from "../parts/fields.ts";
import { textOf } from "../parts/text_of.ts";

/** Frames of one picture. */
export const framesMax = 100_000;

/** One frame of a stack: itself and all that it called. */
export type FlameFrame = {
  readonly name: string;
  readonly depth: number;
  /** Place from the left, in the value's own unit. */
  readonly start: number;
  readonly value: number;
  /** Without what it called. */
  readonly self: number;
  readonly parent: number;
  /** Its row in the profile. */
  readonly row: number;
};

export type Flame = {
  readonly frames: readonly FlameFrame[];
  readonly depth: number;
  readonly total: number;
  readonly left: number;
  /** The column of values, for its unit. */
  readonly field: Field | undefined;
};

const none: Flame = { frames: [], depth: 0, total: 0, left: 0, field: undefined };

/** Grafana's nested set: rows in the order of a walk through the tree, each with its level, value, self and label. */
export function flameOf(frames: readonly Frame[]): Flame {
  const frame = frames.find(
    (each) =>
      fieldCalled(each, ["level"]) !== undefined && fieldCalled(each, ["value"]) !== undefined,
  );
  if (frame === undefined) return none;
  const level = fieldCalled(frame, ["level"]);
  const value = fieldCalled(frame, ["value"]);
  const self = fieldCalled(frame, ["self"]);
  const label = fieldCalled(frame, ["label", "name", "function"]);
  const rows = Math.min(frame.length, framesMax);
  const made: FlameFrame[] = [];
  // The open frames from the outermost in, and where the next inside each begins.
  const open: number[] = [];
  const next: number[] = [0];
  for (let i = 0; i < rows; i++) {
    const own = numberAt(value, i);
    // A level may not lie deeper than one below the frame before: such a row would have no parent.
    const depth = Math.max(0, Math.min(open.length, Math.floor(numberAt(level, i)) || 0));
    if (!(own > 0)) continue;
    open.length = depth;
    next.length = depth + 1;
    const start = next[depth] ?? 0;
    made.push({
      name: textOf(label?.values[i]),
      depth,
      start,
      value: own,
      self: self === undefined ? Number.NaN : numberAt(self, i),
      parent: open.at(-1) ?? -1,
      row: i,
    });
    next[depth] = start + own;
    open.push(made.length - 1);
    next.push(start);
  }
  return {
    frames: made,
    depth: 1 + made.reduce((deepest, { depth }) => Math.max(deepest, depth), -1),
    total: next[0] ?? 0,
    left: frame.length - rows,
    field: value,
  };
}
