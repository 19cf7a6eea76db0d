import type { TextColumn } from "./text_values.ts";

/** What the values of a variable look like: which kinds of characters stand where, by their length. */
export type Shape = {
  /** Ascending. */
  readonly lengths: Uint32Array;
  /** By length as in `lengths`, then by place: bits by `kinds`. */
  readonly masks: readonly Uint16Array[];
};

/** Longer values are not looked at. */
export const shapeBytesMax = 64;
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

/**
 * Shapes of the variable whose values are in a column, by template. Undefined where they are not known: values that are long or not ASCII, rows
 * without one. `numbers` is the template of each row, `rowsOf` how many rows each template has.
 */
export function shapesOf(
  column: TextColumn,
  numbers: Uint32Array,
  rowsOf: Uint32Array,
): (Shape | undefined)[] {
  const { bytes, ends, rowOf } = column;
  const width = shapeBytesMax + 1;
  const places = new Places();
  const bases = new Int32Array(rowsOf.length * width).fill(-1);
  const counts = new Uint32Array(rowsOf.length);
  let start = 0;
  for (let value = 0; value < ends.length; value++) {
    const end = ends[value] ?? 0;
    const template = numbers[rowOf === undefined ? value : (rowOf[value] ?? 0)] ?? 0;
    const length = end - start;
    if (length <= shapeBytesMax && template < counts.length) {
      counts[template] = (counts[template] ?? 0) + 1;
      const at = template * width + length;
      let base = bases[at] ?? 0;
      if (base < 0) bases[at] = base = places.add(length);
      const { masks } = places;
      for (let i = start; i < end; i++) {
        const place = base + i - start;
        masks[place] = (masks[place] ?? 0) | (maskOf[bytes[i] ?? 0] ?? 0);
      }
    }
    start = end;
  }
  return Array.from(rowsOf, (rows, template) =>
    counts[template] === rows && rows > 0 && !places.isFull
      ? shapeOf(bases.subarray(template * width, (template + 1) * width), places.masks)
      : undefined,
  );
}

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
