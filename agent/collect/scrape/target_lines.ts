// Hot: guarded by `bench scrape`.
import type { BodyReader } from "#shared/text/exposition/body_reader.ts";
import type { WantedHistograms } from "#shared/text/exposition/protobuf_parser.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { ClosedIndexError, SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { type ExpositionFormat, expositionReader } from "./scrape_request.ts";
import type { SharedLines } from "./shared_lines.ts";

/** A target that left what it shared so often keeps an index of its own: its lines change too much. */
const leavesMax = 3;
/** Lines of larger bodies are not shared. */
const sharedBodyBytesMax = 4 * 1024 ** 2;

/** The lines of a target's bodies: an index of its own, or one that it shares with targets of the same lines. */
export class TargetLines {
  readonly #shared: SharedLines;
  /** Made with the first body: most targets have one for so long only. */
  #own: SeriesIndex | undefined;
  #format: ExpositionFormat = "prometheus";
  #leaves = 0;
  #isLarge = false;

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

  /**
   * Reads a body to its end, or until `isDue`; then the reader of the rest comes back. `isRenumbered`: the lines are numbered anew
   * from here on. Throws as readers do.
   */
  parse(
    body: Uint8Array,
    format: ExpositionFormat,
    out: SampleColumns,
    wanted: WantedHistograms,
    isDue?: () => boolean,
  ): { readonly isRenumbered: boolean; readonly rest: BodyReader | undefined } {
    this.#format = format;
    let isRenumbered = false;
    this.#isLarge = body.length > sharedBodyBytesMax;
    if (this.isShared && this.#isLarge) {
      this.forget();
      isRenumbered = true;
    }
    if (this.isShared)
      try {
        // At once: what it remembers of the body under way is not to be another's. Known lines are read at a gigabyte a second.
        expositionReader(body, format, this.index, out, wanted).read();
        return { isRenumbered, rest: undefined };
      } catch (thrown) {
        if (!(thrown instanceof ClosedIndexError)) throw thrown;
        this.#leaves++;
        this.forget();
        isRenumbered = true;
      }
    const reader = expositionReader(body, format, this.index, out, wanted);
    return { isRenumbered, rest: reader.read(isDue) ? undefined : reader };
  }

  /** After what is new was taken from the index: looks whether another target has the same lines. */
  settle(): void {
    const { index } = this;
    // Of one body alone it is sure that equal lines were read under equal TYPEs. Messages of protobuf carry metadata that is in no line.
    if (index.body !== 1 || index.isClosed || index.contradicted) return;
    if (this.#isLarge || this.#format === "protobuf" || this.#leaves >= leavesMax) return;
    this.#own = this.#shared.like(index, this.#format);
  }

  /** Everything is new again. */
  forget(): void {
    this.#own = undefined;
  }
}
