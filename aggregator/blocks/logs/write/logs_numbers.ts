import type { LineColumns } from "#shared/model/line_columns.ts";
import { type LineTemplate, unmined } from "#shared/model/line_template.ts";
import type { Labels } from "#shared/model/labels.ts";
import { labelsText } from "../../series/labels_text.ts";
import { ByteSink } from "../../parquet/byte_sink.ts";
import { encodings } from "../../parquet/column_pages.ts";
import { dictionaryPages } from "../../parquet/dictionary_pages.ts";
import { widthOf, writeRuns } from "../../parquet/encode.ts";
import type { ColumnPages } from "../../parquet/parquet_writer.ts";
import { noPresence, presenceOf } from "../../parquet/presence.ts";

const encoder = new TextEncoder();

/** Texts of a column that come again and again, by number; rows without one are NULL. */
class NumberedTexts {
  entries: Uint8Array[] = [];
  #rows = 0;
  #isPresent = new Uint8Array();
  #numbers = new Uint32Array();
  readonly #byText = new Map<string, number>();
  #count = 0;

  begin(rows: number): void {
    this.entries = [];
    this.#byText.clear();
    this.#isPresent.fill(0, 0, Math.min(rows, this.#isPresent.length));
    this.#rows = rows;
    this.#count = 0;
  }

  numberOf(text: string): number {
    if (this.#numbers.length < this.#rows) {
      this.#numbers = new Uint32Array(this.#rows);
      this.#isPresent = new Uint8Array(this.#rows);
    }
    let number = this.#byText.get(text);
    if (number === undefined) {
      number = this.entries.push(encoder.encode(text)) - 1;
      this.#byText.set(text, number);
    }
    return number;
  }

  /** Rows ascend. */
  add(row: number, number: number): void {
    this.#isPresent[row] = 1;
    this.#numbers[this.#count++] = number;
  }

  /** As many rows, from where the last ones ended. */
  fill(count: number, number: number): void {
    this.#isPresent.fill(1, this.#count, this.#count + count);
    this.#numbers.fill(number, this.#count, this.#count + count);
    this.#count += count;
  }

  pages(): ColumnPages {
    const rows = this.#rows;
    if (this.#count === 0)
      return { encoding: encodings.plain, values: new Uint8Array(), presence: noPresence(rows) };
    return {
      ...dictionaryPages(this.#numbers.subarray(0, this.#count), this.entries),
      presence: presenceOf(this.#isPresent.subarray(0, rows)),
    };
  }
}

/** Streams stand in order: the first and the last one are the bounds. */
export class StreamColumn {
  readonly #texts = new NumberedTexts();
  #last: string | undefined;
  #number = 0;

  begin(rows: number): void {
    this.#texts.begin(rows);
    this.#last = undefined;
  }

  add(stream: string, count: number): void {
    if (stream !== this.#last) this.#number = this.#texts.numberOf(stream);
    this.#last = stream;
    this.#texts.fill(count, this.#number);
  }

  pages(): ColumnPages {
    const { presence: _, ...pages } = this.#texts.pages();
    const { entries } = this.#texts;
    const [min, max] = [entries[0], entries.at(-1)];
    return { ...pages, ...(min && { min }), ...(max && { max }) };
  }
}

/** Batches have templates of their own, which are the same by text. */
export class TemplateColumn {
  readonly #texts = new NumberedTexts();
  readonly #numbers = new Map<LineColumns, Int32Array>();
  /** Those that are there, by number. */
  templates: LineTemplate[] = [];

  begin(rows: number): void {
    this.#texts.begin(rows);
    this.#numbers.clear();
    this.templates = [];
  }

  /** Records [from, to) become the rows from `row` on. */
  add(columns: LineColumns, from: number, to: number, row: number): void {
    const { templates, templateOf } = columns;
    let numbers = this.#numbers.get(columns);
    if (numbers === undefined)
      this.#numbers.set(columns, (numbers = new Int32Array(templates.length).fill(-1)));
    for (let i = from; i < to; i++) {
      const index = templateOf[i] ?? unmined;
      if (index === unmined) continue;
      let number = numbers[index] ?? -1;
      if (number < 0) numbers[index] = number = this.#numberOf(templates[index]);
      this.#texts.add(row + i - from, number);
    }
  }

  #numberOf(template: LineTemplate | undefined): number {
    if (template === undefined) throw new RangeError("a record without its template");
    const number = this.#texts.numberOf(template.text);
    this.templates[number] ??= template;
    return number;
  }

  pages(): ColumnPages {
    return this.#texts.pages();
  }
}

/** Sets that are equal are one object within a batch; empty ones are NULL. */
export class AttributesColumn {
  readonly #texts = new NumberedTexts();
  readonly #numbers = new Map<Labels, number>();

  begin(rows: number): void {
    this.#texts.begin(rows);
    this.#numbers.clear();
  }

  add(attributes: readonly (Labels | undefined)[], from: number, to: number, row: number): void {
    for (let i = from; i < to; i++) {
      const own = attributes[i];
      if (own === undefined) continue;
      let number = this.#numbers.get(own);
      if (number === undefined) {
        const text = labelsText(own);
        number = text === "{}" ? -1 : this.#texts.numberOf(text);
        this.#numbers.set(own, number);
      }
      if (number >= 0) this.#texts.add(row + i - from, number);
    }
  }

  pages(): ColumnPages {
    return this.#texts.pages();
  }
}

/** `room` is for an entry a row. */
export function severityColumn(severities: Uint8Array, room: Uint32Array): ColumnPages {
  const numbers = new Uint8Array(256);
  const seen: number[] = [];
  const indexes = room.subarray(0, severities.length);
  for (let i = 0; i < severities.length; i++) {
    const severity = severities[i] ?? 0;
    if (numbers[severity] === 0) numbers[severity] = seen.push(severity);
    indexes[i] = (numbers[severity] ?? 0) - 1;
  }
  const entries = Int32Array.from(seen);
  const width = widthOf(entries.length);
  const sink = new ByteSink(64);
  sink.varint(width);
  writeRuns(sink, indexes, width);
  return {
    encoding: encodings.dictionary,
    values: sink.written(),
    dictionary: { values: new Uint8Array(entries.buffer), count: entries.length },
  };
}
