import type { LineColumns, NumberedTexts, Texts } from "#shared/model/line_columns.ts";
import { unmined } from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { labelsText } from "../../series/labels_text.ts";
import { NumberedPlace } from "../texts/numbered_place.ts";
import { ShapedCursor } from "../texts/shaped_cursor.ts";
import { areUtf8 } from "../texts/written_texts.ts";
import { groupedOrder, pickLines, pickRecords, type Records, takeApart } from "./regroup_logs.ts";

/** A batch of more stretches than one in so many records is put in order first. */
const recordsPerStretch = 64;
const stretchesMin = 16;

/** Records of one stream of a batch that follow each other in order of time; taken from the first to the last, each once. */
export class Stretch {
  readonly source: LogSource;
  readonly stream: string;
  readonly end: number;
  /** The next record to be taken. */
  at: number;
  /** Where its part of the source's `values` and `starts` begins. */
  readonly cells: number;
  /** Its variables, of a source that has them apart from their digits. */
  readonly shaped: ShapedCursor | undefined;

  constructor(
    source: LogSource,
    stream: string,
    bounds: { readonly at: number; readonly end: number },
    next: Pick<Stretch, "cells" | "shaped">,
  ) {
    this.source = source;
    this.stream = stream;
    this.at = bounds.at;
    this.end = bounds.end;
    this.cells = next.cells;
    this.shaped = next.shaped;
  }
}

/** A batch as a block takes it up. */
export class LogSource {
  readonly batch: Records;
  readonly columns: LineColumns;
  /** None where the variables are those of a frame, apart from their digits. */
  readonly places: readonly (Texts | NumberedPlace)[];
  /** Variables of each record. */
  readonly widths: Uint8Array;
  /** Whether all lines without a template are UTF-8. */
  readonly isText: boolean;
  /** In the order of the records. */
  readonly stretches: readonly Stretch[];
  /**
   * By stretch, then by place: its next text, and where that begins if they are not numbered; last of all the same of whole lines. Of all stretches in
   * two arrays: a push of 100,000 streams has as many stretches.
   */
  #values = new Uint32Array();
  #starts = new Uint32Array();

  /** `rows`: those that are wanted, ascending; all where absent. */
  constructor(given: LogsBatch, rows?: Uint32Array) {
    const columns = given.columns ?? takeApart(given);
    const isWhole = rows === undefined || rows.length === given.streamOf.length;
    const wanted = isWhole ? given : pickRecords(given, rows);
    const bounds = boundsOf(wanted);
    const isScattered =
      bounds.length > stretchesMin && bounds.length * recordsPerStretch > wanted.streamOf.length;
    if (isScattered) {
      const order = groupedOrder(wanted);
      this.batch = pickRecords(wanted, order);
      this.columns = pickLines(isWhole ? columns : pickLines(columns, rows), order);
    } else {
      this.batch = wanted;
      this.columns = isWhole ? columns : pickLines(columns, rows);
    }
    this.places = placesOf(this.columns);
    this.widths = widthsOf(this.columns);
    this.isText = areUtf8(this.columns.whole);
    this.stretches = this.#cut(isScattered ? boundsOf(this.batch) : bounds);
  }

  get values(): Uint32Array {
    return this.#values;
  }

  get starts(): Uint32Array {
    return this.#starts;
  }

  #cut(bounds: readonly number[]): Stretch[] {
    const { streams, streamOf } = this.batch;
    const { shaped, templateOf } = this.columns;
    let cursor = shaped === undefined ? undefined : new ShapedCursor(shaped);
    const texts = streams.map((labels) => labelsText(labels));
    const all = [...this.places, this.columns.whole];
    const values = new Uint32Array(all.length);
    const starts = new Uint32Array(all.length);
    const counts = new Uint32Array(all.length);
    this.#values = new Uint32Array(bounds.length * all.length);
    this.#starts = new Uint32Array(bounds.length * all.length);
    let at = 0;
    return bounds.map((end, i) => {
      const stream = texts[streamOf[at] ?? 0] ?? "";
      const cells = i * all.length;
      this.#values.set(values, cells);
      this.#starts.set(starts, cells);
      const stretch = new Stretch(this, stream, { at, end }, { cells, shaped: cursor });
      if (end < templateOf.length) cursor = cursor?.behind(templateOf.subarray(at, end));
      countTexts(this, at, end, counts);
      for (const [place, own] of all.entries()) {
        const count = counts[place] ?? 0;
        starts[place] = endOf(own, values[place] ?? 0, starts[place] ?? 0, count);
        values[place] = (values[place] ?? 0) + count;
      }
      at = end;
      return stretch;
    });
  }
}

/** Texts are not made of what stands apart. */
function placesOf(columns: LineColumns): readonly (Texts | NumberedPlace)[] {
  if (columns.shaped !== undefined) return [];
  return columns.numbered?.map(placeOf) ?? columns.places;
}

function placeOf(texts: Texts | NumberedTexts): Texts | NumberedPlace {
  return "numbers" in texts ? new NumberedPlace(texts) : texts;
}

/** Where `count` texts from number `value` on end, which begin at byte `start`. */
function endOf(texts: Texts | NumberedPlace, value: number, start: number, count: number): number {
  if (texts instanceof NumberedPlace) return start;
  let end = start;
  for (let i = value; i < value + count; i++) end += texts.lengths[i] ?? 0;
  return end;
}

/** `counts`: how many of the records [from, to) have a variable in each place of the source's; last of all how many are whole lines. */
export function countTexts(
  { widths, places, columns }: LogSource,
  from: number,
  to: number,
  counts: Uint32Array,
): void {
  counts.fill(0);
  if (places.length === 0) {
    counts[0] = columns.whole.lengths.length === 0 ? 0 : wholeLines(widths, from, to);
    return;
  }
  const last = counts.length - 1;
  // Of each width first; a record has all places below its own.
  for (let row = from; row < to; row++) {
    const width = widths[row] ?? 0;
    if (width === wholeLine) counts[last] = (counts[last] ?? 0) + 1;
    else if (width > 0) counts[width - 1] = (counts[width - 1] ?? 0) + 1;
  }
  for (let place = last - 2; place >= 0; place--)
    counts[place] = (counts[place] ?? 0) + (counts[place + 1] ?? 0);
}

function wholeLines(widths: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let row = from; row < to; row++) if (widths[row] === wholeLine) count++;
  return count;
}

/** The width of a record without a template. */
export const wholeLine = 255;

function widthsOf({ templates, templateOf }: LineColumns): Uint8Array {
  const ofTemplate = Uint8Array.from(templates, ({ partEnds }) => partEnds.length - 1);
  const widths = new Uint8Array(templateOf.length);
  for (let row = 0; row < widths.length; row++) {
    const template = templateOf[row] ?? unmined;
    widths[row] = template === unmined ? wholeLine : (ofTemplate[template] ?? 0);
  }
  return widths;
}

/** Ends of the stretches. */
function boundsOf({ streamOf, timestampsMs, nanos }: Records): number[] {
  const ends: number[] = [];
  const count = streamOf.length;
  for (let row = 1; row < count; row++) {
    const ms = (timestampsMs[row] ?? 0) - (timestampsMs[row - 1] ?? 0);
    const isAfter = ms > 0 || (ms === 0 && (nanos[row] ?? 0) >= (nanos[row - 1] ?? 0));
    if (!isAfter || streamOf[row] !== streamOf[row - 1]) ends.push(row);
  }
  if (count > 0) ends.push(count);
  return ends;
}
