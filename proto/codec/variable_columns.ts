import { ByteWriter } from "./byte_writer.ts";
import { ShapeTable } from "./shape_table.ts";

/**
 * Variables of log lines by column: one for each place of each template. Digits stand apart from the rest of a text, its shape,
 * in which a run of n digits is the one character n (a run of more than nine is several). Shapes come again, nearly always the one
 * of the line before, so they are told by number, and one that a whole column has is told once. Digits do not come again, but two
 * of them take one byte of 100 values, which a Huffman code brings to 3.4 bits a digit, and a match among them is a real one: digit by
 * digit, zstd finds matches of four or five by pure chance, and pays more for them than for the digits.
 */
export class VariableColumns {
  #starts = new Uint32Array(1_024);
  #lengths = new Uint32Array(1_024);
  /** Where each column's entries end, and before they are all there where the next one comes. */
  #ends = new Uint32Array(0);
  #columns = 0;
  #digits = new Uint8Array(1_024);
  #pairs = new Uint8Array(1_024);
  #pairCount = 0;
  #singles = new Uint8Array(1_024);
  #singleCount = 0;
  readonly #shapes = new ShapeTable();
  /** Of the texts of each shape. */
  #textLengths = new Uint32Array(256);
  readonly #references = new ByteWriter();

  /** `counts`: how many texts each column will get. */
  begin(counts: readonly number[]): void {
    if (this.#ends.length < counts.length) this.#ends = new Uint32Array(counts.length * 2);
    let sum = 0;
    for (const [column, count] of counts.entries()) {
      this.#ends[column] = sum;
      sum += count;
    }
    this.#columns = counts.length;
    if (sum <= this.#starts.length) return;
    this.#starts = new Uint32Array(sum * 2);
    this.#lengths = new Uint32Array(sum * 2);
  }

  /** The next text of a column: `length` bytes from `start` of what write() gets. */
  add(column: number, start: number, length: number): void {
    const entry = this.#ends[column] ?? 0;
    this.#ends[column] = entry + 1;
    this.#starts[entry] = start;
    this.#lengths[entry] = length;
  }

  /** Shapes; references to them by column; pairs of digits; single ones. */
  write(writer: ByteWriter, source: Uint8Array): void {
    this.#pairCount = 0;
    this.#singleCount = 0;
    this.#shapes.clear();
    this.#references.clear();
    let from = 0;
    for (let column = 0; column < this.#columns; column++) {
      const end = this.#ends[column] ?? 0;
      this.#column(source, from, end);
      from = end;
    }
    this.#shapes.write(writer);
    writer.block(this.#references.written());
    writer.block(this.#pairs.subarray(0, this.#pairCount));
    const [singles, count] = [this.#singles, this.#singleCount];
    writer.ensure(count);
    for (let i = 0; i < count; i += 2)
      writer.byte(10 * (singles[i] ?? 0) + (i + 1 < count ? (singles[i + 1] ?? 0) : 0));
  }

  /** A shape that is new is told as 0, else by its number from 1; where a column has several, 0 comes before them. */
  #column(source: Uint8Array, from: number, end: number): void {
    const references = this.#references;
    const shapes = this.#shapes;
    references.ensure(16 + 8 * (end - from));
    let first = 0;
    let isFirstNew = false;
    let isConstant = true;
    let last = -1;
    for (let entry = from; entry < end; entry++) {
      const known = shapes.count;
      last = this.#split(source, this.#starts[entry] ?? 0, this.#lengths[entry] ?? 0, last);
      const isNew = last === known;
      if (entry === from) {
        first = last;
        isFirstNew = isNew;
      } else if (isConstant && last !== first) {
        isConstant = false;
        references.varint(0);
        references.varint(isFirstNew ? 0 : first + 1);
        for (let again = from + 1; again < entry; again++) references.varint(first + 1);
      }
      if (!isConstant) references.varint(isNew ? 0 : last + 1);
    }
    if (isConstant && end > from) references.varint(isFirstNew ? 1 : first + 2);
  }

  /** Takes the digits, and gives the number of the shape, which is most often `last`. */
  #split(source: Uint8Array, start: number, length: number, last: number): number {
    if (last !== -1 && this.#textLengths[last] === length && this.#isLike(source, start, last))
      return last;
    const shapes = this.#shapes;
    shapes.ensure(length);
    if (this.#digits.length < length) this.#digits = new Uint8Array(length * 2);
    const digits = this.#digits;
    const { bytes } = shapes;
    let at = shapes.length;
    let count = 0;
    let run = 0;
    for (let i = start, end = start + length; i < end; i++) {
      const byte = source[i] ?? 0;
      if (byte >= zero && byte <= nine) {
        digits[count++] = byte - zero;
        if (run === 9) {
          bytes[at++] = nine;
          run = 0;
        }
        run++;
        continue;
      }
      if (run > 0) bytes[at++] = zero + run;
      run = 0;
      bytes[at++] = byte;
    }
    if (run > 0) bytes[at++] = zero + run;
    this.#takeDigits(count);
    const known = shapes.count;
    const number = shapes.numberOf(at, -1);
    if (number === known) this.#noteLength(number, length);
    return number;
  }

  /** Takes the digits of the text if it has this shape: no shape is made of it, and compared. */
  #isLike(source: Uint8Array, start: number, shape: number): boolean {
    const shapes = this.#shapes;
    const { bytes } = shapes;
    const digits = this.#digits;
    const end = shapes.endOf(shape);
    let from = start;
    let count = 0;
    for (let at = shapes.startOf(shape); at < end; at++) {
      const own = bytes[at] ?? 0;
      if (own < zero || own > nine) {
        if (source[from++] !== own) return false;
        continue;
      }
      for (let run = own; run > zero; run--) {
        const digit = (source[from++] ?? 0) - zero;
        if (digit < 0 || digit > 9) return false;
        digits[count++] = digit;
      }
    }
    this.#takeDigits(count);
    return true;
  }

  #noteLength(shape: number, length: number): void {
    if (shape === this.#textLengths.length) {
      const lengths = new Uint32Array(2 * shape);
      lengths.set(this.#textLengths);
      this.#textLengths = lengths;
    }
    this.#textLengths[shape] = length;
  }

  /** An odd digit is the first one. */
  #takeDigits(count: number): void {
    if (this.#pairCount + count > this.#pairs.length) this.#pairs = grown(this.#pairs, count);
    if (this.#singleCount === this.#singles.length) this.#singles = grown(this.#singles, 1);
    // One by one: an array to destructure would be made for every variable, four fifths of what the encoder allocates.
    const digits = this.#digits;
    const pairs = this.#pairs;
    if (count % 2 === 1) this.#singles[this.#singleCount++] = digits[0] ?? 0;
    let to = this.#pairCount;
    for (let i = count % 2; i < count; i += 2)
      pairs[to++] = 10 * (digits[i] ?? 0) + (digits[i + 1] ?? 0);
    this.#pairCount = to;
  }
}

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);

function grown(bytes: Uint8Array<ArrayBuffer>, more: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array((bytes.length + more) * 2);
  larger.set(bytes);
  return larger;
}
