// Hot: guarded by `bench logs`.
import type { Texts } from "#shared/model/line_columns.ts";
import { ByteSink } from "../../parquet/byte_sink.ts";
import { encodings } from "../../parquet/column_pages.ts";
import { textDictionaryPages } from "../../parquet/dictionary_pages.ts";
import type { ColumnPages } from "../../parquet/parquet_writer.ts";
import { writePrefixed } from "../../parquet/prefixed_texts.ts";
import type { Presence } from "../../parquet/presence.ts";
import {
  TextColumn,
  textPages,
  type WrittenDictionary,
  type WrittenTexts,
} from "./written_texts.ts";
import type { NumberedPlace } from "./numbered_place.ts";
import { expandShape } from "./shape_bytes.ts";
import type { ShapedCursor } from "./shaped_cursor.ts";
import { TextDictionary } from "./text_dictionary.ts";

const none = -1;
/** Limits of a dictionary: its entries, and how many texts there must be for each. Beyond them zstd stores repeated texts in fewer bytes than their numbers take. */
const entriesMax = 4_096;
const textsPerEntry = 16;
/** Neighbours that tell whether texts begin alike. */
const neighboursMax = 2_048;
/** Of the bytes of texts, that they share with the one before them. */
const sharedMin = 0.6;

/** Memory that is used again. */
export type PageSinks = { readonly page: ByteSink; readonly texts: ByteSink };

/**
 * A variable of a row group: a dictionary and numbers, or the texts as soon as it shows that they hardly come again; of texts that begin as the one before them,
 * as times and counters do, the rest.
 */
export class VariableColumn {
  readonly #level: number;
  readonly #dictionary = new TextDictionary();
  #numbers = new Uint32Array(0);
  #count = 0;
  readonly #texts = new TextColumn();
  #isNumbered = true;
  /** A text, and its digits. */
  readonly #text = new ByteSink(64);
  #digits = new Uint8Array(64);

  /** `level` is zstd's, for texts without a dictionary. */
  constructor(level: number) {
    this.#level = level;
  }

  clear(): void {
    this.#dictionary.clear();
    this.#count = 0;
    this.#texts.clear();
    this.#isNumbered = true;
  }

  /** As TextColumn's. */
  take(texts: Texts, value: number, start: number, count: number): number {
    if (!this.#isNumbered) return this.#texts.take(texts, value, start, count);
    this.#ensure(count);
    const { bytes, lengths } = texts;
    const [numbers, dictionary] = [this.#numbers, this.#dictionary];
    let [at, to] = [start, this.#count];
    for (let i = value; i < value + count; i++) {
      const length = lengths[i] ?? 0;
      numbers[to++] = dictionary.numberOf(bytes, at, length);
      at += length;
    }
    this.#count = to;
    this.#check();
    return at;
  }

  /** `count` texts from number `value` on. */
  takeNumbered(place: NumberedPlace, value: number, count: number): void {
    const { numbers, bytes, starts } = place.texts;
    if (!this.#isNumbered) {
      this.#fill(count, (into, i) => {
        const number = numbers[value + i] ?? 0;
        const from = starts[number] ?? 0;
        into.copy(bytes, from, (starts[number + 1] ?? 0) - from);
      });
      return;
    }
    this.#ensure(count);
    const [own, dictionary] = [this.#numbers, this.#dictionary];
    const knownAs = place.numbersIn(dictionary.generation);
    let to = this.#count;
    for (let i = value; i < value + count; i++) {
      const entry = numbers[i] ?? 0;
      const from = starts[entry] ?? 0;
      const length = (starts[entry + 1] ?? 0) - from;
      let number = knownAs[entry] ?? none;
      if (number === none) knownAs[entry] = number = dictionary.numberOf(bytes, from, length);
      own[to++] = number;
    }
    this.#count = to;
    this.#check();
  }

  /** The next texts at a place of records with these templates, all of which have one there. */
  takeShaped(cursor: ShapedCursor, place: number, templates: Uint32Array): void {
    const { firstColumns, shapes } = cursor.variables;
    const columnOf = (i: number) => (firstColumns[templates[i] ?? 0] ?? 0) + place;
    if (!this.#isNumbered) {
      this.#fill(templates.length, (into, i) => {
        const column = columnOf(i);
        this.#expand(cursor, column, cursor.shapeAt(column), into);
      });
      return;
    }
    this.#ensure(templates.length);
    const [numbers, dictionary, text] = [this.#numbers, this.#dictionary, this.#text];
    const knownAs = cursor.numbersOfShapes(place, dictionary.generation);
    let to = this.#count;
    for (let i = 0; i < templates.length; i++) {
      const column = columnOf(i);
      const shape = cursor.shapeAt(column);
      // The same text each time, as it has no digit.
      const isConstant = shapes.digits[shape] === 0;
      let number = isConstant ? (knownAs[shape] ?? none) : none;
      if (number === none) {
        text.clear();
        this.#expand(cursor, column, shape, text);
        number = dictionary.numberOf(text.bytes, 0, text.length);
        if (isConstant) knownAs[shape] = number;
      }
      numbers[to++] = number;
    }
    this.#count = to;
    this.#check();
  }

  /** What is written: to be asked for when all texts are there, and good until they change. */
  get content(): WrittenTexts | WrittenDictionary {
    if (!this.#isNumbered) return this.#texts;
    if (this.#count > 0 && this.#isWorthIt) {
      const numbers = this.#numbers.subarray(0, this.#count);
      return { numbers, entries: this.#dictionary.texts };
    }
    this.#putTogether();
    return this.#texts;
  }

  /** Good until the next page is written to `sinks`. */
  pages(
    content: WrittenTexts | WrittenDictionary,
    presence: Presence,
    sinks: PageSinks,
  ): ColumnPages {
    if ("entries" in content)
      return { ...textDictionaryPages(content.numbers, content.entries), presence };
    const level = this.#level;
    if (!beginAlike(content)) return textPages(content, presence, sinks.page, level);
    const { page, texts } = sinks;
    page.clear();
    texts.clear();
    writePrefixed(content, page, texts);
    const encoding = encodings.deltaByteArray;
    return { encoding, values: page.written(), texts: texts.written(), presence, level };
  }

  get #isWorthIt(): boolean {
    return !this.#dictionary.isFlooded && textsPerEntry * this.#dictionary.count <= this.#count;
  }

  #check(): void {
    const { count, isFlooded } = this.#dictionary;
    if (count > entriesMax || isFlooded) this.#putTogether();
  }

  #putTogether(): void {
    const numbers = this.#numbers;
    this.#fill(this.#count, (into, i) => this.#dictionary.copyTo(into, numbers[i] ?? 0));
    this.#dictionary.clear();
    this.#count = 0;
    this.#isNumbered = false;
  }

  /** `count` texts, each appended by `write`. */
  #fill(count: number, write: (into: ByteSink, i: number) => void): void {
    this.#texts.fill((into) => {
      const lengths = new Uint32Array(count);
      for (let i = 0; i < count; i++) {
        const before = into.length;
        write(into, i);
        lengths[i] = into.length - before;
      }
      return lengths;
    });
  }

  /** Appends a column's next text, which is of this shape. */
  #expand(cursor: ShapedCursor, column: number, shape: number, into: ByteSink): void {
    const { shapes } = cursor.variables;
    const count = shapes.digits[shape] ?? 0;
    if (count > this.#digits.length) this.#digits = new Uint8Array(2 * count);
    cursor.takeDigits(column, count, this.#digits, 0);
    const from = shape === 0 ? 0 : (shapes.ends[shape - 1] ?? 0);
    into.ensure(shapes.lengths[shape] ?? 0);
    expandShape(shapes.bytes, from, shapes.ends[shape] ?? 0, this.#digits, 0, into);
  }

  #ensure(more: number): void {
    const least = this.#count + more;
    if (least <= this.#numbers.length) return;
    const numbers = new Uint32Array(Math.max(least, 2 * this.#numbers.length));
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}

/** Whether a sample from the middle shares most bytes with the text before, and few neighbours are equal; zstd stores equal ones in fewer bytes. */
function beginAlike({ bytes, lengths }: WrittenTexts): boolean {
  const first = Math.max(1, (lengths.length - neighboursMax) >> 1);
  const last = Math.min(lengths.length, first + neighboursMax);
  let start = 0;
  for (let i = 0; i < first; i++) start += lengths[i] ?? 0;
  let before = start - (lengths[first - 1] ?? 0);
  let [shared, all, equal] = [0, 0, 0];
  for (let i = first; i < last; i++) {
    const length = lengths[i] ?? 0;
    const most = Math.min(length, start - before);
    let at = 0;
    while (at < most && bytes[start + at] === bytes[before + at]) at++;
    shared += at;
    all += length;
    if (at === length && length === start - before) equal++;
    before = start;
    start += length;
  }
  return shared > sharedMin * all && 2 * equal < last - first;
}
