import { ShapeTable } from "#proto/codec/shape_table.ts";
import type { TextShapes } from "#shared/model/shaped_variables.ts";
import type { ByteSink } from "../../parquet/byte_sink.ts";
import type { PatternedPlace } from "./patterned_place.ts";
import { expandShape, writeShape, writeSameShape } from "./shape_bytes.ts";
import type { ShapedCursor } from "./shaped_cursor.ts";

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);
/** What an entry of a dictionary takes besides its text. */
const entryHeadBytes = 4;
/** Zstd makes other characters than digits about half as large. */
const packedShare = 0.5;
/** Bytes that a digit takes more in a text than packed. */
const digitShare = 0.067 / 8;
/** Shapes may take so many bytes and one in so many of the texts: where they are nearly all different, the rest need not be looked at. */
const shapeBytesMax = 65_536;
const shapeBytesShare = 4;

const none = -1;
const ofLengthSize = 256;
/** Shapes of one length that a text is compared with before it is looked up. */
const triesMax = 8;

/** Texts of which only the digits differ: the text is the shape with each digit n in it replaced by the next n digits. */
export type SplitTexts = {
  /** A text's entry of `shapes`. */
  readonly numbers: Uint32Array;
  readonly shapes: readonly Uint8Array[];
  /** Digits of all texts, one after another, and how many each has. */
  readonly digits: Uint8Array<ArrayBuffer>;
  readonly digitCounts: Uint32Array;
};

/**
 * Takes the digits out of a column's texts. What is left, `4-2-2` of `2005-12-06`, comes again and again and is told by number;
 * and digits alone take 3.33 bits each (packed_digits.ts), where among other characters they take 3.6 to 4, and each dash as much.
 */
export class TextSplitter {
  readonly #shapes = new ShapeTable();
  /** By shape: where a text of it begins in `#examples`, how long each is, and the shape of the text that came after the last one. */
  #first = new Int32Array(64);
  #lengths = new Int32Array(64);
  #after = new Int32Array(64);
  #examples = new Uint8Array(256);
  #exampleBytes = 0;
  /** The newest shape of texts of a length, and by shape the one before it. */
  readonly #ofLength = new Int32Array(ofLengthSize).fill(none);
  #nextOfLength = new Int32Array(64);
  #numbers = new Uint32Array(0);
  #counts = new Uint32Array(0);
  #count = 0;
  #digits = new Uint8Array(0);
  #digit = 0;
  #textBytes = 0;
  #last = none;
  /** Changes with clear(): numbers of shapes hold until then. */
  generation = 0;

  clear(): void {
    if (this.#shapes.count > 0) this.#ofLength.fill(none);
    this.#shapes.clear();
    this.#exampleBytes = 0;
    this.#count = 0;
    this.#digit = 0;
    this.#textBytes = 0;
    this.#last = none;
    this.generation++;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether shapes hardly come again, as far as one can tell before all texts are there. */
  get isInVain(): boolean {
    return this.#shapes.length > shapeBytesMax + this.#textBytes / shapeBytesShare;
  }

  /** Whether shapes and digits take less than the texts do. */
  get isWorthIt(): boolean {
    if (this.isInVain) return false;
    const { count, length } = this.#shapes;
    const ofShape = new Uint32Array(count);
    for (let text = 0; text < this.#count; text++) {
      const shape = this.#numbers[text] ?? 0;
      ofShape[shape] = (ofShape[shape] ?? 0) + 1;
    }
    const ofLength = new Map<number, number>();
    for (let shape = 0; shape < count; shape++) {
      const own = this.#lengths[shape] ?? 0;
      ofLength.set(own, (ofLength.get(own) ?? 0) + (ofShape[shape] ?? 0));
    }
    const others = this.#textBytes - this.#digit;
    const split =
      packedShare * (length + entryHeadBytes * count) + entropyBytes(ofShape, this.#count);
    const texts =
      packedShare * others +
      entropyBytes([...ofLength.values()], this.#count) +
      digitShare * this.#digit;
    return split <= texts;
  }

  /** Good until the next call of another method. */
  get split(): SplitTexts {
    const { count } = this.#shapes;
    const shapes = Array.from({ length: count }, (_, number) => this.#shapes.shape(number));
    return {
      numbers: this.#numbers.subarray(0, this.#count),
      shapes,
      digits: this.#digits.subarray(0, this.#digit),
      digitCounts: this.#counts.subarray(0, this.#count),
    };
  }

  /** Puts the texts together again, and gives the length of each. */
  expand(into: ByteSink): Uint32Array {
    into.ensure(this.#textBytes);
    const { bytes } = this.#shapes;
    const lengths = new Uint32Array(this.#count);
    let digit = 0;
    for (let i = 0; i < lengths.length; i++) {
      const shape = this.#numbers[i] ?? 0;
      const [from, to] = [this.#shapes.startOf(shape), this.#shapes.endOf(shape)];
      expandShape(bytes, from, to, this.#digits, digit, into);
      digit += this.#counts[i] ?? 0;
      lengths[i] = this.#lengths[shape] ?? 0;
    }
    return lengths;
  }

  /** `count` texts from number `value` on, which begins at byte `start`; gives where the last one ends. */
  take(
    bytes: Uint8Array,
    lengths: Uint8Array | Uint32Array,
    value: number,
    start: number,
    count: number,
  ): number {
    this.#ensureTexts(count);
    let end = start;
    for (let i = value; i < value + count; i++) end += lengths[i] ?? 0;
    this.#ensureDigits(end - start);
    let at = start;
    let to = this.#count;
    let last = this.#last;
    for (let text = value; text < value + count; text++) {
      const length = lengths[text] ?? 0;
      const before = this.#digit;
      const number = this.#numberOf(bytes, at, length, last);
      if (last !== none) this.#after[last] = number;
      last = number;
      this.#numbers[to] = number;
      this.#counts[to++] = this.#digit - before;
      at += length;
    }
    this.#last = last;
    this.#count = to;
    this.#textBytes += end - start;
    return end;
  }

  /** The next texts at a place of records with these templates, all of which have one there. */
  takeShaped(cursor: ShapedCursor, place: number, templates: Uint32Array): void {
    const { variables } = cursor;
    const { firstColumns, shapes } = variables;
    const { digits: digitsOf, lengths: lengthOf } = shapes;
    const knownAs = cursor.numbersOfShapes(place, this.generation);
    this.#ensureTexts(templates.length);
    const [numbers, counts] = [this.#numbers, this.#counts];
    let digits = this.#digits;
    let [at, digit, textBytes] = [this.#count, this.#digit, 0];
    for (let i = 0; i < templates.length; i++) {
      const column = (firstColumns[templates[i] ?? 0] ?? 0) + place;
      const shape = cursor.shapeAt(column);
      let number = knownAs[shape] ?? none;
      if (number === none) knownAs[shape] = number = this.#numberOfShape(shapes, shape);
      numbers[at] = number;
      const count = digitsOf[shape] ?? 0;
      counts[at++] = count;
      textBytes += lengthOf[shape] ?? 0;
      if (digit + count > digits.length) {
        this.#digit = digit;
        this.#ensureDigits(count);
        digits = this.#digits;
      }
      digit = cursor.takeDigits(column, count, digits, digit);
    }
    this.#digit = digit;
    this.#count = at;
    this.#textBytes += textBytes;
    this.#last = none;
  }

  /** `count` texts from number `value` on, whose digits begin at `start`; gives where these end. */
  takePatterned(place: PatternedPlace, value: number, start: number, count: number): number {
    const { numbers: patternOf, patterns, digits } = place.texts;
    const { starts, digitCounts } = patterns;
    const knownAs = place.numbersOfShapes(this.generation);
    this.#ensureTexts(count);
    const [numbers, counts] = [this.#numbers, this.#counts];
    let at = this.#count;
    let [end, textBytes] = [start, 0];
    for (let text = value; text < value + count; text++) {
      const pattern = patternOf[text] ?? 0;
      const from = starts[pattern] ?? 0;
      const length = (starts[pattern + 1] ?? 0) - from;
      let number = knownAs[pattern] ?? none;
      if (number === none)
        knownAs[pattern] = number = this.#numberOfText(patterns.bytes, from, length);
      numbers[at] = number;
      const own = digitCounts[pattern] ?? 0;
      counts[at++] = own;
      end += own;
      textBytes += length;
    }
    this.#ensureDigits(end - start);
    this.#digits.set(digits.subarray(start, end), this.#digit);
    this.#digit += end - start;
    this.#count = at;
    this.#textBytes += textBytes;
    this.#last = none;
    return end;
  }

  #ensureTexts(more: number): void {
    const least = this.#count + more;
    if (least <= this.#numbers.length) return;
    const size = Math.max(least, 2 * this.#numbers.length);
    const [numbers, counts] = [new Uint32Array(size), new Uint32Array(size)];
    numbers.set(this.#numbers);
    counts.set(this.#counts);
    this.#numbers = numbers;
    this.#counts = counts;
  }

  #ensureDigits(more: number): void {
    const least = this.#digit + more;
    if (least <= this.#digits.length) return;
    const digits = new Uint8Array(Math.max(least, 2 * this.#digits.length));
    digits.set(this.#digits.subarray(0, this.#digit));
    this.#digits = digits;
  }

  /** Takes the digits of a text, and gives the number of its shape: likely the one that came after the same one last time, or one of a text as long. */
  #numberOf(bytes: Uint8Array, from: number, length: number, last: number): number {
    const lengths = this.#lengths;
    const likely = last === none ? none : (this.#after[last] ?? none);
    if (likely !== none && lengths[likely] === length && this.#isLike(bytes, from, length, likely))
      return likely;
    let other = this.#ofLength[length % ofLengthSize] ?? none;
    for (let tries = 0; other !== none && tries < triesMax; tries++) {
      if (lengths[other] === length && this.#isLike(bytes, from, length, other)) return other;
      other = this.#nextOfLength[other] ?? none;
    }
    this.#takeDigits(bytes, from, length);
    return this.#numberOfText(bytes, from, length);
  }

  #numberOfText(bytes: Uint8Array, from: number, length: number): number {
    const shapes = this.#shapes;
    shapes.ensure(length);
    const to = writeShape(bytes, from, length, shapes.bytes, shapes.length);
    return this.#numberOfWritten(to, length);
  }

  #isLike(bytes: Uint8Array, from: number, length: number, shape: number): boolean {
    const example = this.#first[shape] ?? 0;
    const to = takeAlike(bytes, from, length, this.#examples, example, this.#digits, this.#digit);
    if (to === -1) return false;
    this.#digit = to;
    return true;
  }

  #takeDigits(bytes: Uint8Array, from: number, length: number): void {
    const digits = this.#digits;
    let to = this.#digit;
    for (let i = from, end = from + length; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte >= zero && byte <= nine) digits[to++] = byte;
    }
    this.#digit = to;
  }

  #numberOfShape({ bytes, ends, lengths }: TextShapes, shape: number): number {
    const shapes = this.#shapes;
    const from = shape === 0 ? 0 : (ends[shape - 1] ?? 0);
    const end = ends[shape] ?? 0;
    shapes.ensure(end - from);
    const to = writeSameShape(bytes, from, end, shapes.bytes, shapes.length);
    return this.#numberOfWritten(to, lengths[shape] ?? 0);
  }

  /** Of the shape that was written behind the others up to `to`; `length` of its texts. */
  #numberOfWritten(to: number, length: number): number {
    const shapes = this.#shapes;
    const [known, from] = [shapes.count, shapes.length];
    const number = shapes.numberOf(to, none);
    if (number === known) this.#note(number, from, to, length);
    return number;
  }

  #note(number: number, from: number, to: number, length: number): void {
    if (number === this.#lengths.length) {
      this.#first = doubled(this.#first);
      this.#lengths = doubled(this.#lengths);
      this.#after = doubled(this.#after);
      this.#nextOfLength = doubled(this.#nextOfLength);
    }
    const first = this.#exampleBytes;
    this.#exampleBytes = first + length;
    if (this.#exampleBytes > this.#examples.length) {
      const more = new Uint8Array(2 * this.#exampleBytes);
      more.set(this.#examples.subarray(0, first));
      this.#examples = more;
    }
    const { bytes } = this.#shapes;
    let at = first;
    for (let i = from; i < to; i++) {
      const byte = bytes[i] ?? 0;
      if (byte < zero || byte > nine) this.#examples[at++] = byte;
      else for (let run = byte - zero; run > 0; run--) this.#examples[at++] = zero;
    }
    this.#first[number] = first;
    this.#lengths[number] = length;
    this.#after[number] = number;
    this.#nextOfLength[number] = this.#ofLength[length % ofLengthSize] ?? none;
    this.#ofLength[length % ofLengthSize] = number;
  }
}

/** Takes the digits of the text at `from` if it has the shape of the one at `other` of the examples, and gives where they end in `digits`; else -1. */
function takeAlike(
  bytes: Uint8Array,
  from: number,
  length: number,
  examples: Uint8Array,
  other: number,
  digits: Uint8Array,
  digit: number,
): number {
  let to = digit;
  for (let i = 0; i < length; i++) {
    const byte = bytes[from + i] ?? 0;
    const like = examples[other + i] ?? 0;
    if (byte >= zero && byte <= nine) {
      if (like < zero || like > nine) return -1;
      digits[to++] = byte;
    } else if (like !== byte) return -1;
  }
  return to;
}

/** What it takes to tell of `total` things of which kind each is, of kinds that come so often. */
function entropyBytes(counts: ArrayLike<number>, total: number): number {
  let bits = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0;
    if (count > 0) bits += count * Math.log2(total / count);
  }
  return bits / 8;
}

function doubled(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * numbers.length);
  more.set(numbers);
  return more;
}
