import type { Texts } from "#shared/model/line_columns.ts";
import { type ByteReader, corrupt } from "./byte_reader.ts";
import { readShapes, type Shapes, steps } from "./shapes.ts";

const various = 0xffff_ffff;
const oneByteMax = 255;

/** What the records say of their variables. */
export type VariableLayout = {
  /** By template: its first column, how many it has, and how many records have it. */
  readonly firstColumns: Uint32Array;
  readonly widths: Uint8Array;
  readonly counts: Uint32Array;
  /** A record's template, ascending by record; those without one left out. */
  readonly templateOf: Uint32Array;
};

/**
 * The counterpart of VariableColumns: its columns are those of one template and place each, what it gives are those of all templates at one place,
 * in the order of the records. Throws OperatingError("corrupt").
 */
export class VariableReader {
  /** Of all texts. */
  readonly bytes: number;
  readonly #layout: VariableLayout;
  readonly #shapes: Shapes;
  /** A column's only shape, or `various`, and then its next reference. */
  readonly #constants: Uint32Array;
  readonly #nextReference: Uint32Array;
  #references = new Uint32Array(256);
  readonly #nextPair: Uint32Array;
  readonly #nextSingle: Uint32Array;
  readonly #pairs: Uint8Array;
  readonly #singles: Uint8Array;
  /** By place: how many texts, their bytes, and the longest one. */
  readonly #texts = new Uint32Array(oneByteMax);
  readonly #bytes = new Uint32Array(oneByteMax);
  readonly #longest = new Uint32Array(oneByteMax);

  /** `bytesMax`: more than all texts may be together, or than there may be of them. */
  constructor(reader: ByteReader, layout: VariableLayout, bytesMax: number) {
    const shapes = readShapes(reader);
    const { widths, counts } = layout;
    let [columns, entries] = [0, 0];
    for (let t = 0; t < widths.length; t++) {
      columns += widths[t] ?? 0;
      entries += (widths[t] ?? 0) * (counts[t] ?? 0);
    }
    if (entries > bytesMax) throw corrupt(`${entries} variables, at most ${bytesMax}`);
    this.#layout = layout;
    this.#shapes = shapes;
    this.#constants = new Uint32Array(columns);
    this.#nextReference = new Uint32Array(columns);
    this.#nextPair = new Uint32Array(columns);
    this.#nextSingle = new Uint32Array(columns);
    let [references, pairs, singles, bytes, known, column] = [0, 0, 0, 0, 0, 0];
    const take = (given: number) => {
      const number = given === 0 ? known++ : given - 1;
      if (number >= known || number >= shapes.count) throw corrupt(`shape ${number} of ${known}`);
      return number;
    };
    for (let t = 0; t < widths.length; t++) {
      const count = counts[t] ?? 0;
      for (let place = 0; place < (widths[t] ?? 0); place++, column++) {
        this.#nextPair[column] = pairs;
        this.#nextSingle[column] = singles;
        this.#nextReference[column] = references;
        if (count === 0) continue;
        const head = reader.varint();
        const shape = head === 0 ? various : take(head - 1);
        this.#constants[column] = shape;
        let own = 0;
        if (shape !== various) {
          const digits = shapes.digits[shape] ?? 0;
          pairs += (digits >> 1) * count;
          singles += (digits & 1) * count;
          own = (shapes.lengths[shape] ?? 0) * count;
          this.#note(place, shape);
        } else
          for (let i = 0; i < count; i++) {
            const each = take(reader.varint());
            if (references === this.#references.length) this.#moreReferences();
            this.#references[references++] = each;
            const digits = shapes.digits[each] ?? 0;
            pairs += digits >> 1;
            singles += digits & 1;
            own += shapes.lengths[each] ?? 0;
            this.#note(place, each);
          }
        bytes += own;
        this.#texts[place] = (this.#texts[place] ?? 0) + count;
        this.#bytes[place] = (this.#bytes[place] ?? 0) + own;
      }
    }
    if (known !== shapes.count) throw corrupt(`${shapes.count} shapes, expected ${known}`);
    this.bytes = bytes;
    this.#pairs = digitPairs(reader.block(pairs));
    this.#singles = digitPairs(reader.block(Math.ceil(singles / 2)));
  }

  /** Only columns of several shapes have any, a byte each at least; the others are bounded by the records. */
  #moreReferences(): void {
    const more = new Uint32Array(2 * this.#references.length);
    more.set(this.#references);
    this.#references = more;
  }

  #note(place: number, shape: number): void {
    const length = this.#shapes.lengths[shape] ?? 0;
    if (length > (this.#longest[place] ?? 0)) this.#longest[place] = length;
  }

  /** The texts by place, in fresh memory. To be called once, and only when `bytes` are not too many. */
  places(): Texts[] {
    const { widths, templateOf } = this.#layout;
    const bytes = new Uint8Array(this.bytes);
    const places: Texts[] = [];
    // Templates of those records that have a text at this place, and at all before it.
    let active = templateOf;
    const own = new Uint32Array(templateOf.length);
    let start = 0;
    for (let place = 0; (this.#texts[place] ?? 0) > 0; place++) {
      const count = this.#texts[place] ?? 0;
      if (count < active.length) active = widerThan(active, widths, place, own);
      const isShort = (this.#longest[place] ?? 0) <= oneByteMax;
      const lengths = isShort ? new Uint8Array(count) : new Uint32Array(count);
      const end = start + (this.#bytes[place] ?? 0);
      this.#fill(place, active, lengths, bytes, start);
      places.push({ bytes: bytes.subarray(start, end), lengths });
      start = end;
    }
    return places;
  }

  #fill(
    place: number,
    active: Uint32Array,
    lengths: Uint8Array | Uint32Array,
    into: Uint8Array,
    start: number,
  ): void {
    const { firstColumns } = this.#layout;
    const { program, starts, digits, lengths: shapeLengths } = this.#shapes;
    const constants = this.#constants;
    const nextPair = this.#nextPair;
    const pairs = this.#pairs;
    let to = start;
    for (let i = 0; i < active.length; i++) {
      const column = (firstColumns[active[i] ?? 0] ?? 0) + place;
      let shape = constants[column] ?? 0;
      if (shape === various) {
        const next = this.#nextReference[column] ?? 0;
        this.#nextReference[column] = next + 1;
        shape = this.#references[next] ?? 0;
      }
      lengths[i] = shapeLengths[shape] ?? 0;
      const count = digits[shape] ?? 0;
      let pair = nextPair[column] ?? 0;
      nextPair[column] = pair + (count >> 1);
      const end = starts[shape + 1] ?? 0;
      for (let at = starts[shape] ?? 0; at < end; at++) {
        const step = program[at] ?? 0;
        if (step === steps.pair) {
          const both = pairs[pair++] ?? 0;
          into[to++] = tens[both] ?? 0;
          into[to++] = ones[both] ?? 0;
        } else if (step > steps.last || step < steps.pair) into[to++] = step;
        else if (step === steps.high) into[to++] = tens[pairs[pair] ?? 0] ?? 0;
        else if (step === steps.low) into[to++] = ones[pairs[pair++] ?? 0] ?? 0;
        else into[to++] = this.#single(column);
      }
    }
  }

  #single(column: number): number {
    const next = this.#nextSingle[column] ?? 0;
    this.#nextSingle[column] = next + 1;
    const both = this.#singles[next >> 1] ?? 0;
    return ((next & 1) === 0 ? tens[both] : ones[both]) ?? 0;
  }
}

/** Puts them into `into`, which may be where they are. By index: filter() of typed arrays costs ten times as much. */
function widerThan(
  templateOf: Uint32Array,
  widths: Uint8Array,
  place: number,
  into: Uint32Array,
): Uint32Array {
  let to = 0;
  for (let i = 0; i < templateOf.length; i++) {
    const template = templateOf[i] ?? 0;
    if ((widths[template] ?? 0) > place) into[to++] = template;
  }
  return into.subarray(0, to);
}

const zero = "0".charCodeAt(0);
/** The two digits of a pair. */
const tens = Uint8Array.from({ length: 100 }, (_, both) => zero + Math.floor(both / 10));
const ones = Uint8Array.from({ length: 100 }, (_, both) => zero + (both % 10));

function digitPairs(bytes: Uint8Array): Uint8Array {
  // By index: iterators of typed arrays cost twenty times as much.
  for (let i = 0; i < bytes.length; i++)
    if ((bytes[i] ?? 0) > 99) throw corrupt(`a pair of digits of ${bytes[i]}`);
  return bytes;
}
