import type { WantedHistograms } from "#shared/text/exposition/protobuf_parser.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { ClosedIndexError, SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { type ExpositionFormat, parseExposition } from "./scrape_request.ts";
import type { SharedLines } from "./shared_lines.ts";

/** A target that left what it shared so often keeps an index of its own: its lines change too much. */
const leavesMax = 3;

/** The lines of a target's bodies: an index of its own, or one that it shares with targets of the same lines. */
export class TargetLines {
  readonly #shared: SharedLines;
  /** Made with the first body: most targets have one for so long only. */
  #own: SeriesIndex | undefined;
  #format: ExpositionFormat = "prometheus";
  #leaves = 0;

  constructor(shared: SharedLines) {
    this.#shared = shared;
  }

  get index(): SeriesIndex {
    return (this.#own ??= new SeriesIndex());
  }

  /** Others use it, too. */
  get isShared(): boolean {
    return this.#own?.isClosed === true;
  }

  /** Reads a body. True where the lines are numbered anew from here on. Throws as parseExposition() does. */
  parse(
    body: Uint8Array,
    format: ExpositionFormat,
    out: SampleColumns,
    wanted: WantedHistograms,
  ): boolean {
    this.#format = format;
    try {
      parseExposition(body, format, this.index, out, wanted);
      return false;
    } catch (thrown) {
      if (!(thrown instanceof ClosedIndexError)) throw thrown;
    }
    this.#leaves++;
    this.forget();
    out.clear();
    parseExposition(body, format, this.index, out, wanted);
    return true;
  }

  /** After what is new was taken from the index: looks whether another target has the same lines. */
  settle(): void {
    const { index } = this;
    // Of one body alone it is sure that equal lines were read under equal TYPEs. Messages of protobuf carry metadata that is in no line.
    if (index.body !== 1 || index.isClosed || index.contradicted) return;
    if (this.#format === "protobuf" || this.#leaves >= leavesMax) return;
    this.#own = this.#shared.like(index, this.#format);
  }

  /** Everything is new again. */
  forget(): void {
    this.#own = undefined;
  }
}
