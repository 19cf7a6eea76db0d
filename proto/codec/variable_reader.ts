import { type ByteReader, corrupt } from "./byte_reader.ts";

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);
const various = 0xffff_ffff;

/** The counterpart of VariableColumns: gives the texts of every column one after another. Throws OperatingError("corrupt"). */
export class VariableReader {
  /** Of all texts of all columns. */
  readonly bytes: number;
  readonly #shapes: Shapes;
  /** A column's only shape, or `various`, and then its next reference. */
  readonly #constants: Uint32Array;
  readonly #nextReference: Uint32Array;
  readonly #references: Uint32Array;
  readonly #nextPair: Uint32Array;
  readonly #nextSingle: Uint32Array;
  readonly #pairs: Uint8Array;
  readonly #singles: Uint8Array;

  /** `bytesMax`: more than all texts may be together, or than there may be of them. */
  constructor(reader: ByteReader, counts: readonly number[], bytesMax: number) {
    const shapes = readShapes(reader);
    const entries = counts.reduce((sum, count) => sum + count, 0);
    if (entries > bytesMax) throw corrupt(`${entries} variables, at most ${bytesMax}`);
    this.#shapes = shapes;
    this.#constants = new Uint32Array(counts.length);
    this.#nextReference = new Uint32Array(counts.length);
    this.#nextPair = new Uint32Array(counts.length);
    this.#nextSingle = new Uint32Array(counts.length);
    // Only columns of several shapes take a byte an entry; the others are bounded by the records.
    this.#references = new Uint32Array(entries);
    let [references, pairs, singles, bytes, known] = [0, 0, 0, 0, 0];
    const take = (given: number) => {
      const number = given === 0 ? known++ : given - 1;
      if (number >= known || number >= shapes.count) throw corrupt(`shape ${number} of ${known}`);
      return number;
    };
    for (const [column, count] of counts.entries()) {
      this.#nextPair[column] = pairs;
      this.#nextSingle[column] = singles;
      this.#nextReference[column] = references;
      if (count === 0) continue;
      const head = reader.varint();
      const shape = head === 0 ? various : take(head - 1);
      this.#constants[column] = shape;
      if (shape !== various) {
        const digits = shapes.digits[shape] ?? 0;
        pairs += (digits >> 1) * count;
        singles += (digits & 1) * count;
        bytes += (shapes.lengths[shape] ?? 0) * count;
        continue;
      }
      for (let i = 0; i < count; i++) {
        const own = take(reader.varint());
        this.#references[references++] = own;
        const digits = shapes.digits[own] ?? 0;
        pairs += digits >> 1;
        singles += digits & 1;
        bytes += shapes.lengths[own] ?? 0;
      }
    }
    if (known !== shapes.count) throw corrupt(`${shapes.count} shapes, expected ${known}`);
    this.bytes = bytes;
    this.#pairs = digitPairs(reader.block(pairs));
    this.#singles = digitPairs(reader.block(Math.ceil(singles / 2)));
  }

  /** Writes the next text of a column to `into` at `to`, and gives where it ends. */
  copy(column: number, into: Uint8Array, to: number): number {
    let shape = this.#constants[column] ?? 0;
    if (shape === various) {
      const next = this.#nextReference[column] ?? 0;
      this.#nextReference[column] = next + 1;
      shape = this.#references[next] ?? 0;
    }
    const { bytes, starts, digits } = this.#shapes;
    const count = digits[shape] ?? 0;
    const end = starts[shape + 1] ?? 0;
    let pair = this.#nextPair[column] ?? 0;
    this.#nextPair[column] = pair + (count >> 1);
    // The digit that waits, or -1.
    let held = (count & 1) === 1 ? this.#single(column) : -1;
    const pairs = this.#pairs;
    let at = to;
    for (let i = starts[shape] ?? 0; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte < zero || byte > nine) {
        into[at++] = byte;
        continue;
      }
      let run = byte - zero;
      if (held !== -1) {
        into[at++] = held;
        held = -1;
        run--;
      }
      for (; run > 1; run -= 2) {
        const both = pairs[pair++] ?? 0;
        const high = (both * 205) >> 11;
        into[at++] = zero + high;
        into[at++] = zero + both - 10 * high;
      }
      if (run === 1) {
        const both = pairs[pair++] ?? 0;
        const high = (both * 205) >> 11;
        into[at++] = zero + high;
        held = zero + both - 10 * high;
      }
    }
    return at;
  }

  #single(column: number): number {
    const next = this.#nextSingle[column] ?? 0;
    this.#nextSingle[column] = next + 1;
    const both = this.#singles[next >> 1] ?? 0;
    const high = (both * 205) >> 11;
    return zero + ((next & 1) === 0 ? high : both - 10 * high);
  }
}

type Shapes = {
  readonly count: number;
  readonly bytes: Uint8Array;
  /** One more than there are shapes. */
  readonly starts: Uint32Array;
  /** Bytes and digits of a text of each. */
  readonly lengths: Uint32Array;
  readonly digits: Uint32Array;
};

function readShapes(reader: ByteReader): Shapes {
  const count = reader.count(1);
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const end = (starts[i] ?? 0) + reader.varint();
    if (end > reader.left) throw corrupt(`shape ${i} ends at byte ${end}`);
    starts[i + 1] = end;
  }
  const bytes = reader.block(starts[count] ?? 0);
  const lengths = new Uint32Array(count);
  const digits = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const [start = 0, end = 0] = [starts[i], starts[i + 1]];
    let [runs, sum] = [0, 0];
    for (let at = start; at < end; at++) {
      const run = (bytes[at] ?? 0) - zero;
      if (run < 0 || run > 9) continue;
      if (run === 0) throw corrupt("a run of no digits");
      runs++;
      sum += run;
    }
    digits[i] = sum;
    lengths[i] = end - start - runs + sum;
  }
  return { count, bytes, starts, lengths, digits };
}

function digitPairs(bytes: Uint8Array): Uint8Array {
  // By index: iterators of typed arrays cost twenty times as much.
  for (let i = 0; i < bytes.length; i++)
    if ((bytes[i] ?? 0) > 99) throw corrupt(`a pair of digits of ${bytes[i]}`);
  return bytes;
}
