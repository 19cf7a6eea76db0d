import type { Texts } from "#shared/model/line_columns.ts";
import { TextColumn, textPages, type WrittenTexts } from "../write/logs_texts.ts";
import { encodings } from "../../parquet/column_pages.ts";
import { dictionaryPages } from "../../parquet/dictionary_pages.ts";
import type { ColumnPages } from "../../parquet/parquet_writer.ts";
import { noPresence, type Presence } from "../../parquet/presence.ts";
import { digitPages, type DigitSinks, type TextParts } from "./digit_pages.ts";
import { PatternedPlace } from "./patterned_place.ts";
import { expandShape } from "./shape_bytes.ts";
import type { ShapedCursor } from "./shaped_cursor.ts";
import { type SplitTexts, TextSplitter } from "./split_texts.ts";

const zero = "0".charCodeAt(0);

/**
 * A variable of a row group: its shapes and digits, or its texts as soon as it shows that those take less. Texts that come apart from their digits are
 * put together only then.
 */
export class VariableColumn {
  readonly #level: number;
  readonly #splitter = new TextSplitter();
  readonly #texts = new TextColumn();
  #isSplit = true;
  #digits = new Uint8Array(64);

  /** `level` is zstd's. */
  constructor(level: number) {
    this.#level = level;
  }

  clear(): void {
    this.#splitter.clear();
    this.#texts.clear();
    this.#isSplit = true;
  }

  /** As TextColumn's; of a PatternedPlace bytes are digits. */
  take(texts: Texts | PatternedPlace, value: number, start: number, count: number): number {
    if (texts instanceof PatternedPlace) return this.#takePatterned(texts, value, start, count);
    if (!this.#isSplit) return this.#texts.take(texts, value, start, count);
    const end = this.#splitter.take(texts.bytes, texts.lengths, value, start, count);
    if (this.#splitter.isInVain) this.#putTogether();
    return end;
  }

  #takePatterned(place: PatternedPlace, value: number, start: number, count: number): number {
    if (!this.#isSplit) return this.#takeFilled(place, value, start, count);
    const end = this.#splitter.takePatterned(place, value, start, count);
    if (this.#splitter.isInVain) this.#putTogether();
    return end;
  }

  /** The next texts at a place of records with these templates, all of which have one there. */
  takeShaped(cursor: ShapedCursor, place: number, templates: Uint32Array): void {
    if (!this.#isSplit) return this.#takeWhole(cursor, place, templates);
    this.#splitter.takeShaped(cursor, place, templates);
    if (this.#splitter.isInVain) this.#putTogether();
  }

  /** What is written: to be asked for when all texts are there, and good until they change. */
  get content(): WrittenTexts | SplitTexts {
    const splitter = this.#splitter;
    if (this.#isSplit) {
      if (splitter.count > 0 && splitter.isWorthIt) return splitter.split;
      this.#putTogether();
    }
    return this.#texts;
  }

  /** Pages of its content: of the texts, or of their shapes, and of their digits; each good until the next one, with what is written to `sinks`. */
  *pages(
    content: WrittenTexts | SplitTexts,
    presence: Presence,
    parts: TextParts,
    sinks: DigitSinks,
  ): Generator<ColumnPages, void> {
    const level = this.#level;
    if (!("shapes" in content)) {
      yield textPages(content, presence, sinks.page, level);
      yield noneOf(presence);
      return;
    }
    yield { ...dictionaryPages(content.numbers, content.shapes), presence };
    if (content.digits.length === 0) yield noneOf(presence);
    else yield digitPages(content, parts, sinks, level);
  }

  #putTogether(): void {
    this.#texts.fill((bytes) => this.#splitter.expand(bytes));
    this.#splitter.clear();
    this.#isSplit = false;
  }

  #takeFilled({ texts }: PatternedPlace, value: number, start: number, count: number): number {
    const { numbers, patterns, digits } = texts;
    const lengths = new Uint32Array(count);
    let digit = start;
    this.#texts.fill((into) => {
      for (let i = 0; i < count; i++) {
        const number = numbers[value + i] ?? 0;
        const from = patterns.starts[number] ?? 0;
        const to = patterns.starts[number + 1] ?? 0;
        into.ensure(to - from);
        for (let at = from; at < to; at++) {
          const byte = patterns.bytes[at] ?? 0;
          into.bytes[into.length++] = byte === zero ? (digits[digit++] ?? 0) : byte;
        }
        lengths[i] = to - from;
      }
      return lengths;
    });
    return digit;
  }

  #takeWhole(cursor: ShapedCursor, place: number, templates: Uint32Array): void {
    const { firstColumns, shapes } = cursor.variables;
    const lengths = new Uint32Array(templates.length);
    this.#texts.fill((into) => {
      for (let i = 0; i < templates.length; i++) {
        const column = (firstColumns[templates[i] ?? 0] ?? 0) + place;
        const shape = cursor.shapeAt(column);
        const count = shapes.digits[shape] ?? 0;
        const length = shapes.lengths[shape] ?? 0;
        if (count > this.#digits.length) this.#digits = new Uint8Array(2 * count);
        cursor.takeDigits(column, count, this.#digits, 0);
        const from = shape === 0 ? 0 : (shapes.ends[shape - 1] ?? 0);
        into.ensure(length);
        expandShape(shapes.bytes, from, shapes.ends[shape] ?? 0, this.#digits, 0, into);
        lengths[i] = length;
      }
      return lengths;
    });
  }
}

function noneOf({ rows }: Presence): ColumnPages {
  return { encoding: encodings.plain, values: new Uint8Array(), presence: noPresence(rows) };
}
