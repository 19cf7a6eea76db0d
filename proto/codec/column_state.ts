import { isAbsent, isStale, setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import { type ByteReader, corrupt, unzigzag } from "./byte_reader.ts";
import { type ByteWriter, zigzag } from "./byte_writer.ts";

/**
 * What encoder and decoder both know of a schema's columns after a row: the last value, and how a change of it is
 * written. A column's mode is a number of decimal digits (0 to 9: the value times 10^mode is an integer exactly, and
 * its difference is written), or `rawMode` (the bytes that differ are written). Both sides compute the same from what
 * was written, so modes cost bytes only when they change. See docs/formats/frame.md.
 */
const rawMode = 15;
const digitsMax = 9;
const powers = Float64Array.from({ length: digitsMax + 1 }, (_, digits) => 10 ** digits);
/** Differences of two such are exact, and their zigzag is below 2^53. */
const scaledMax = 2 ** 51 - 2;
/** Below this, nine digits stay within scaledMax. */
const nineDigitsMax = 2_000_000;

/** Tokens of a scaled column; larger ones are a zigzag difference plus `deltaToken`. */
const absentToken = 0;
const staleToken = 1;
const modeToken = 2;
const deltaToken = 3;
/** Control bytes of a raw column; others say where the differing bytes are. */
const rawAbsent = 0xfd;
const rawStale = 0xfe;
const rawModeChange = 0xff;

/** At most this much for one changed column: a mode change, then a control byte and eight bytes. */
export const changeBytesMax = 12;

/** Some columns as they were; used again and again. */
export class SavedColumns {
  start = 0;
  end = 0;
  lastTimestampMs = 0;
  values = new Float64Array(0);
  bases = new Float64Array(0);
  modes = new Uint8Array(0);

  get capacity(): number {
    return this.values.length;
  }

  reserve(count: number): void {
    if (count <= this.values.length) return;
    this.values = new Float64Array(count);
    this.bases = new Float64Array(count);
    this.modes = new Uint8Array(count);
  }
}

export class ColumnState {
  count = 0;
  lastTimestampMs = 0;
  values = new Float64Array(0);
  words: Uint32Array = new Uint32Array(0);
  #modes = new Uint8Array(0);
  #bases = new Float64Array(0);
  #view = new Float64Array(0);

  /** New columns are absent. */
  grow(count: number): void {
    if (count > this.#modes.length) this.#reserve(Math.max(count, this.#modes.length * 2));
    for (let column = this.count; column < count; column++) setAbsent(this.words, column);
    this.count = Math.max(this.count, count);
  }

  #reserve(capacity: number): void {
    const { values } = this;
    const modes = this.#modes;
    const bases = this.#bases;
    this.values = new Float64Array(capacity);
    this.values.set(values);
    this.words = wordsOf(this.values);
    this.#modes = new Uint8Array(capacity);
    this.#modes.set(modes);
    this.#bases = new Float64Array(capacity);
    this.#bases.set(bases);
  }

  /** The first `end` values, as they are and as they will be: a view of this state's memory, until it grows. */
  view(end: number): Float64Array {
    if (this.#view.length !== end || this.#view.buffer !== this.values.buffer)
      this.#view = this.values.subarray(0, end);
    return this.#view;
  }

  /** Remembers columns [start, end) and the time. */
  save(into: SavedColumns, start: number, end: number): void {
    into.reserve(end - start);
    into.start = start;
    into.end = end;
    into.lastTimestampMs = this.lastTimestampMs;
    into.values.set(this.values.subarray(start, end));
    into.bases.set(this.#bases.subarray(start, end));
    into.modes.set(this.#modes.subarray(start, end));
  }

  /** Makes good what save() remembered. */
  restore({ start, end, lastTimestampMs, values, bases, modes }: SavedColumns): void {
    this.lastTimestampMs = lastTimestampMs;
    this.values.set(values.subarray(0, end - start), start);
    this.#bases.set(bases.subarray(0, end - start), start);
    this.#modes.set(modes.subarray(0, end - start), start);
  }

  /** Forgets columns that grow() made. */
  shrink(count: number): void {
    this.count = count;
  }

  /** Writes columns [start, end) of a row: a bitmap of what changed, then the changes. Returns how many are not absent. */
  write(writer: ByteWriter, row: Float64Array, start: number, end: number): number {
    const bitmapBytes = Math.ceil((end - start) / 8);
    writer.ensure(bitmapBytes + (end - start) * changeBytesMax);
    const rowWords = wordsOf(row);
    const { words } = this;
    const { bytes } = writer;
    const bitmap = writer.length;
    bytes.fill(0, bitmap, bitmap + bitmapBytes);
    writer.length += bitmapBytes;
    let present = 0;
    for (let column = start; column < end; column++) {
      if (!isAbsent(rowWords, column)) present++;
      const low = rowWords[2 * column] ?? 0;
      const high = rowWords[2 * column + 1] ?? 0;
      if (low === words[2 * column] && high === words[2 * column + 1]) continue;
      const bit = column - start;
      const at = bitmap + (bit >>> 3);
      bytes[at] = (bytes[at] ?? 0) | (1 << (bit & 7));
      this.writeValue(writer, column, row, rowWords, column);
    }
    return present;
  }

  /** Writes values[index] as the column's next value. `words` are those of `values`. */
  writeValue(
    writer: ByteWriter,
    column: number,
    values: Float64Array,
    words: Uint32Array,
    index: number,
  ): void {
    const isRaw = this.#modes[column] === rawMode;
    if (isAbsent(words, index)) writer.byte(isRaw ? rawAbsent : absentToken);
    else if (isStale(words, index)) writer.byte(isRaw ? rawStale : staleToken);
    else this.#writeNumber(writer, column, values[index] ?? 0, words, index);
    this.words[2 * column] = words[2 * index] ?? 0;
    this.words[2 * column + 1] = words[2 * index + 1] ?? 0;
  }

  #writeNumber(
    writer: ByteWriter,
    column: number,
    value: number,
    words: Uint32Array,
    index: number,
  ): void {
    if (this.#modes[column] === rawMode) {
      const digits = this.#digitsToReturnTo(column, value);
      if (digits === rawMode) return this.#writeRaw(writer, column, words, index);
      writer.byte(rawModeChange);
      writer.byte(digits);
      this.#setMode(column, digits);
    }
    let scaled = scaledOf(value, this.#modes[column] ?? 0);
    if (Number.isNaN(scaled)) {
      const digits = digitsOf(value, this.#modes[column] ?? 0);
      writer.byte(modeToken);
      writer.byte(digits);
      this.#setMode(column, digits);
      if (digits === rawMode) return this.#writeRaw(writer, column, words, index);
      scaled = scaledOf(value, digits);
    }
    writer.varint(zigzag(scaled - (this.#bases[column] ?? 0)) + deltaToken);
    this.#bases[column] = scaled;
  }

  /** A raw column goes back to integers only when the value before fits too: one that moves between both stays raw. */
  #digitsToReturnTo(column: number, value: number): number {
    const digits = digitsOf(value, -1);
    const before = this.values[column] ?? 0;
    if (digits === rawMode || Number.isNaN(before)) return digits;
    return Number.isNaN(scaledOf(before, digits)) ? rawMode : digits;
  }

  #setMode(column: number, mode: number): void {
    this.#modes[column] = mode;
    if (mode === rawMode) return;
    const base = scaledOf(this.values[column] ?? 0, mode);
    this.#bases[column] = Number.isNaN(base) ? 0 : base;
  }

  /** Control byte: differing bytes start at byte (control >> 4), and there are (control & 15); 0 where none differ. */
  #writeRaw(writer: ByteWriter, column: number, words: Uint32Array, index: number): void {
    const low = ((words[2 * index] ?? 0) ^ (this.words[2 * column] ?? 0)) >>> 0;
    const high = ((words[2 * index + 1] ?? 0) ^ (this.words[2 * column + 1] ?? 0)) >>> 0;
    if (low === 0 && high === 0) return writer.byte(0);
    const first = low === 0 ? 4 + trailingZeroBytes(high) : trailingZeroBytes(low);
    const last = high === 0 ? 3 - (Math.clz32(low) >>> 3) : 7 - (Math.clz32(high) >>> 3);
    writer.byte((first << 4) | (last - first + 1));
    for (let at = first; at <= last; at++)
      writer.byte(((at < 4 ? low : high) >>> (8 * (at & 3))) & 0xff);
  }

  /** Reads what `write` wrote, into this state. Throws OperatingError("corrupt"), and is then of no more use. */
  read(reader: ByteReader, start: number, end: number): void {
    const bitmap = reader.block(Math.ceil((end - start) / 8));
    for (let index = 0; index < bitmap.length; index++) {
      let bits = bitmap[index] ?? 0;
      while (bits !== 0) {
        const column = start + 8 * index + 31 - Math.clz32(bits & -bits);
        if (column >= end) throw corrupt(`changes column ${column} of ${end}`);
        this.readValue(reader, column);
        bits &= bits - 1;
      }
    }
  }

  /** Reads the column's next value into its place. */
  readValue(reader: ByteReader, column: number): void {
    if (this.#modes[column] === rawMode) {
      const control = reader.byte();
      if (control === rawAbsent) return setAbsent(this.words, column);
      if (control === rawStale) return setStale(this.words, column);
      if (control !== rawModeChange) return this.#readRaw(reader, column, control);
      this.#setMode(column, readMode(reader, digitsMax));
    }
    let token = reader.varint();
    if (token === modeToken) {
      this.#setMode(column, readMode(reader, rawMode));
      if (this.#modes[column] === rawMode) return this.#readRaw(reader, column, reader.byte());
      token = reader.varint();
      if (token === modeToken) throw corrupt("changes a column's mode twice");
    }
    if (token === absentToken) return setAbsent(this.words, column);
    if (token === staleToken) return setStale(this.words, column);
    const scaled = (this.#bases[column] ?? 0) + unzigzag(token - deltaToken);
    if (Math.abs(scaled) > scaledMax) throw corrupt("value is out of bounds");
    this.#bases[column] = scaled;
    this.values[column] = scaled / (powers[this.#modes[column] ?? 0] ?? 1);
  }

  #readRaw(reader: ByteReader, column: number, control: number): void {
    const first = control >>> 4;
    const count = control & 15;
    if (first + count > 8 || (count === 0 && first !== 0)) throw corrupt(`control byte ${control}`);
    for (let at = first; at < first + count; at++) {
      const word = 2 * column + (at >>> 2);
      this.words[word] = (this.words[word] ?? 0) ^ (reader.byte() << (8 * (at & 3)));
    }
  }
}

function readMode(reader: ByteReader, modeMax: number): number {
  const mode = reader.byte();
  if (mode > digitsMax && mode !== modeMax) throw corrupt(`column mode ${mode}`);
  return mode;
}

/** The integer that is `value` times 10^digits and gives exactly `value` back, or NaN. */
function scaledOf(value: number, digits: number): number {
  const power = powers[digits] ?? 1;
  const scaled = Math.round(value * power);
  const isExact = scaled / power === value && Math.abs(scaled) <= scaledMax;
  // The sign of zero would be lost.
  return isExact && (scaled !== 0 || !Object.is(value, -0)) ? scaled + 0 : Number.NaN;
}

/** The smallest number of digits above `than` at which `value` is an integer, or rawMode. */
function digitsOf(value: number, than: number): number {
  if (!Number.isFinite(value)) return rawMode;
  // Most values that do not fit are turned away here: what is an integer with few digits is one with nine, too.
  if (Math.abs(value) < nineDigitsMax && Number.isNaN(scaledOf(value, digitsMax))) return rawMode;
  for (let digits = than + 1; digits <= digitsMax; digits++)
    if (!Number.isNaN(scaledOf(value, digits))) return digits;
  return rawMode;
}

/** Of a word that is not 0. */
function trailingZeroBytes(word: number): number {
  return (31 - Math.clz32(word & -word)) >>> 3;
}
