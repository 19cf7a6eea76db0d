import type { VariableBytes } from "../../query/source.ts";
import type { SplitForms, TextColumn } from "./text_values.ts";

/** What the values of a variable look like: which kinds of characters stand where, by their length. */
export type Shape = {
  /** Ascending. */
  readonly lengths: Uint32Array;
  /** By length as in `lengths`, then by place: bits by `kinds`. */
  readonly masks: readonly Uint16Array[];
};

/** Longer values are not looked at. */
export const shapeBytesMax = 128;
const shapesMax = 10_000;
/** Places of one column that are remembered; templates beyond them have no shape. */
const placesMax = 500_000;

const notAscii = 15;
/** Characters of one kind are taken for one another; digits and letters vary most, marks seldom. */
const kindTexts = [
  "0123456789",
  "abcdef",
  "ghijklmnopqrstuvwxyz",
  "ABCDEF",
  "GHIJKLMNOPQRSTUVWXYZ",
  ...".:-_/,=@ ".split(""),
];
const maskOf = new Uint16Array(256).fill(1 << kindTexts.length).fill(1 << notAscii, 128);
for (const [kind, text] of kindTexts.entries())
  for (const byte of Buffer.from(text)) maskOf[byte] = 1 << kind;

/** The bytes of each kind. */
export const kinds: readonly (readonly number[])[] = Array.from(
  { length: kindTexts.length + 1 },
  (_, kind) =>
    Array.from({ length: 128 }, (_each, byte) => byte).filter((byte) => maskOf[byte] === 1 << kind),
);

const bytesKnown = new WeakMap<Shape, VariableBytes>();

/** What values of a shape are made of. */
export function bytesOfShape(shape: Shape): VariableBytes {
  let known = bytesKnown.get(shape);
  if (known !== undefined) return known;
  let [all, first] = [0, 0];
  for (const masks of shape.masks) {
    first |= masks[0] ?? 0;
    for (const mask of masks) all |= mask;
  }
  const mayBeEmpty = shape.lengths[0] === 0;
  known = { isIn: bytesOfKinds(all), isFirst: bytesOfKinds(first), mayBeEmpty };
  bytesKnown.set(shape, known);
  return known;
}

function bytesOfKinds(mask: number): Uint8Array {
  return Uint8Array.from(maskOf, (kind) => Number((kind & mask) !== 0));
}

/**
 * Shapes of the variable whose values are in a column, by template. Undefined where they are not known: values that are long or not ASCII, rows
 * without one. `split` is the same column by form, where it is known so; `numbers` the template of each row, `rowsOf` how many rows each template has.
 */
export function shapesOf(
  column: TextColumn,
  split: SplitForms | undefined,
  numbers: Uint32Array,
  rowsOf: Uint32Array,
): (Shape | undefined)[] {
  const seen = new SeenValues(rowsOf.length);
  if (split === undefined) addValues(seen, column, numbers);
  else addForms(seen, split);
  const shapes: (Shape | undefined)[] = [];
  for (let t = 0; t < rowsOf.length; t++) shapes.push(seen.shape(t, rowsOf[t] ?? 0));
  return shapes;
}

function addValues(seen: SeenValues, column: TextColumn, numbers: Uint32Array): void {
  const { bytes, ends, rowOf } = column;
  let start = 0;
  for (let value = 0; value < ends.length; value++) {
    const end = ends[value] ?? 0;
    const template = numbers[rowOf === undefined ? value : (rowOf[value] ?? 0)] ?? 0;
    seen.add(template, bytes, start, end, 1);
    start = end;
  }
}

/** Digits are one kind, so that forms say as much as the values. */
function addForms(seen: SeenValues, { forms, patterns: { bytes, starts } }: SplitForms): void {
  const { templates, patterns, counts } = forms;
  for (let form = 0; form < counts.length; form++) {
    const pattern = patterns[form] ?? 0;
    const [start, end] = [starts[pattern] ?? 0, starts[pattern + 1] ?? 0];
    seen.add(templates[form] ?? 0, bytes, start, end, counts[form] ?? 0);
  }
}

/** What was seen of the values of a variable, by template. */
class SeenValues {
  readonly templates: number;
  readonly #places = new Places();
  /** By template and length: where the places of such values begin, below zero where there was none. */
  readonly #bases: (Int32Array | undefined)[];
  readonly #counts: Uint32Array;

  constructor(templates: number) {
    this.templates = templates;
    this.#bases = Array.from({ length: templates });
    this.#counts = new Uint32Array(templates);
  }

  /** `times` values that look like bytes[start, end). */
  add(template: number, bytes: Uint8Array, start: number, end: number, times: number): void {
    const length = end - start;
    if (length > shapeBytesMax || template >= this.templates) return;
    this.#counts[template] = (this.#counts[template] ?? 0) + times;
    const bases = (this.#bases[template] ??= new Int32Array(width).fill(-1));
    let base = bases[length] ?? 0;
    if (base < 0) bases[length] = base = this.#places.add(length);
    const { masks } = this.#places;
    for (let i = start; i < end; i++) {
      const place = base + i - start;
      masks[place] = (masks[place] ?? 0) | (maskOf[bytes[i] ?? 0] ?? 0);
    }
  }

  /** Undefined where not all rows of the template were seen. */
  shape(template: number, rows: number): Shape | undefined {
    const bases = this.#bases[template];
    const isAll = this.#counts[template] === rows && !this.#places.isFull;
    return bases !== undefined && isAll ? shapeOf(bases, this.#places.masks) : undefined;
  }
}

const width = shapeBytesMax + 1;

class Places {
  masks = new Uint16Array(4_096);
  isFull = false;
  #used = 0;

  add(length: number): number {
    if (this.#used + length > placesMax) {
      this.isFull = true;
      return 0;
    }
    const base = this.#used;
    this.#used += length;
    if (this.#used > this.masks.length) {
      const larger = new Uint16Array(2 * this.masks.length);
      larger.set(this.masks);
      this.masks = larger;
    }
    return base;
  }
}

/** `bases`: by length, where its places begin; below zero where no value has it. */
function shapeOf(bases: Int32Array, all: Uint16Array): Shape | undefined {
  const lengths: number[] = [];
  const masks: Uint16Array[] = [];
  let key = "";
  for (let length = 0; length < bases.length; length++) {
    const base = bases[length] ?? -1;
    if (base < 0) continue;
    const own = all.subarray(base, base + length);
    for (let i = 0; i < length; i++) if ((own[i] ?? 0) >> notAscii === 1) return undefined;
    lengths.push(length);
    masks.push(own);
    key += `${String.fromCharCode(length)}${String.fromCharCode(...own)}`;
  }
  return sameShape(key, lengths, masks);
}

const known = new Map<string, Shape>();

/** The same object for equal shapes, as long as there are not too many of them. */
function sameShape(key: string, lengths: readonly number[], masks: readonly Uint16Array[]): Shape {
  const one = known.get(key);
  if (one !== undefined) return one;
  const shape = { lengths: Uint32Array.from(lengths), masks: masks.map((own) => own.slice()) };
  if (known.size < shapesMax) known.set(key, shape);
  return shape;
}
