import type { VariableBytes } from "../../../read/source.ts";
import type { SplitForms } from "./forms.ts";
import type { TextColumn } from "./text_values.ts";

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
/** Shapes of one hash. */
const alikeMax = 8;
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
 * without one. `split` is the same column by form, where it is known so; `numbers` the template of each row, `rowsOf` how many rows each template has;
 * `seen` is for as many templates, and serves one column after another.
 */
export function shapesOf(
  seen: SeenValues,
  column: TextColumn,
  split: SplitForms | undefined,
  numbers: Uint32Array,
  rowsOf: Uint32Array,
): (Shape | undefined)[] {
  seen.clear();
  if (split === undefined) addValues(seen, column, numbers);
  else addForms(seen, split);
  const shapes: (Shape | undefined)[] = [];
  for (let t = 0; t < rowsOf.length; t++) shapes.push(seen.shape(t, rowsOf[t] ?? 0));
  return shapes;
}

function addValues(seen: SeenValues, column: TextColumn, numbers: Uint32Array): void {
  const { bytes, ends, rowOf } = column;
  // Most such columns are of digits alone.
  const only = onlyKindOf(bytes);
  let start = 0;
  for (let value = 0; value < ends.length; value++) {
    const end = ends[value] ?? 0;
    const template = numbers[rowOf === undefined ? value : (rowOf[value] ?? 0)] ?? 0;
    const place = seen.placeOf(template, end - start, 1, only);
    if (only === 0 && place >= 0) addMasks(seen.masks, place, bytes, start, end);
    start = end;
  }
}

function addMasks(
  masks: Uint16Array,
  place: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  let at = place;
  for (let i = start; i < end; i++, at++)
    masks[at] = (masks[at] ?? 0) | (maskOf[bytes[i] ?? 0] ?? 0);
}

/** The mask of the one kind that all bytes are of; 0 where they are of several. */
function onlyKindOf(bytes: Uint8Array): number {
  const mask = maskOf[bytes[0] ?? 0] ?? 0;
  for (let i = 0; i < bytes.length; i++) if (maskOf[bytes[i] ?? 0] !== mask) return 0;
  return mask;
}

/** Digits are one kind, so that forms say as much as the values. */
function addForms(seen: SeenValues, { forms, patterns: { bytes, starts } }: SplitForms): void {
  const { templates, patterns, counts } = forms;
  for (let form = 0; form < counts.length; form++) {
    const pattern = patterns[form] ?? 0;
    const start = starts[pattern] ?? 0;
    const end = starts[pattern + 1] ?? 0;
    const place = seen.placeOf(templates[form] ?? 0, end - start, counts[form] ?? 0, 0);
    if (place >= 0) addMasks(seen.masks, place, bytes, start, end);
  }
}

const width = shapeBytesMax + 1;

/** What was seen of the values of a variable, by template. */
export class SeenValues {
  /** By place: which kinds of characters stand there. */
  masks = new Uint16Array(4_096);
  readonly #templates: number;
  /** By template and length: where the places of such values begin, after `#before`; at most that where there was none since clear(). */
  readonly #begins: Int32Array;
  readonly #counts: Uint32Array;
  #before = 0;
  #used = 0;
  #isFull = false;

  constructor(templates: number) {
    this.#templates = templates;
    this.#begins = new Int32Array(templates * width);
    this.#counts = new Uint32Array(templates);
  }

  clear(): void {
    this.masks.fill(0, 0, this.#used);
    this.#counts.fill(0);
    this.#before += this.#used + 1;
    this.#used = 0;
    this.#isFull = false;
  }

  /** The place of the first character of values of a length, `times` of which are taken note of; below zero where none is looked at. New places have `mask`. */
  placeOf(template: number, length: number, times: number, mask: number): number {
    if (length > shapeBytesMax || template >= this.#templates) return -1;
    this.#counts[template] = (this.#counts[template] ?? 0) + times;
    const known = (this.#begins[template * width + length] ?? 0) - this.#before - 1;
    return known >= 0 ? known : this.#add(template, length, mask);
  }

  #add(template: number, length: number, mask: number): number {
    if (this.#used + length > placesMax) this.#isFull = true;
    if (this.#isFull) return -1;
    const place = this.#used;
    this.#begins[template * width + length] = this.#before + 1 + place;
    // A place more than it takes: values of no length have one of their own.
    this.#used += length + 1;
    if (this.#used > this.masks.length) {
      const larger = new Uint16Array(2 * this.masks.length);
      larger.set(this.masks);
      this.masks = larger;
    }
    this.masks.fill(mask, place, place + length);
    return place;
  }

  /** Undefined where not all rows of the template were seen. */
  shape(template: number, rows: number): Shape | undefined {
    if (rows === 0 || this.#counts[template] !== rows || this.#isFull) return undefined;
    const lengths: number[] = [];
    let hash = 0;
    for (let length = 0; length < width; length++) {
      const place = (this.#begins[template * width + length] ?? 0) - this.#before - 1;
      if (place < 0) continue;
      lengths.push(length);
      for (let i = place; i < place + length; i++) {
        const mask = this.masks[i] ?? 0;
        if (mask >> notAscii === 1) return undefined;
        hash = Math.imul(hash ^ mask, 0x01000193);
      }
      hash = Math.imul(hash ^ length, 0x01000193);
    }
    const masksOf = (length: number) => {
      const place = (this.#begins[template * width + length] ?? 0) - this.#before - 1;
      return this.masks.subarray(place, place + length);
    };
    return sameShape(hash, lengths, masksOf);
  }
}

/** By hash. */
const known = new Map<number, Shape[]>();

/** The same object for equal shapes, as long as there are not too many of them. */
function sameShape(
  hash: number,
  lengths: readonly number[],
  masksOf: (length: number) => Uint16Array,
): Shape {
  const alike = known.get(hash);
  const one = alike?.find((shape) => isEqual(shape, lengths, masksOf));
  if (one !== undefined) return one;
  const masks = lengths.map((length) => masksOf(length).slice());
  const shape = { lengths: Uint32Array.from(lengths), masks };
  if (alike !== undefined && alike.length < alikeMax) alike.push(shape);
  else if (alike === undefined && known.size < shapesMax) known.set(hash, [shape]);
  return shape;
}

function isEqual(
  shape: Shape,
  lengths: readonly number[],
  masksOf: (length: number) => Uint16Array,
): boolean {
  if (shape.lengths.length !== lengths.length) return false;
  for (const [i, length] of lengths.entries()) {
    if (shape.lengths[i] !== length) return false;
    const own = masksOf(length);
    const other = shape.masks[i];
    for (let at = 0; at < length; at++) if (own[at] !== other?.[at]) return false;
  }
  return true;
}
