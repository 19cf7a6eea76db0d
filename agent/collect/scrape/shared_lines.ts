// Hot: guarded by `bench scrape`.
import type { MetricFamily } from "#shared/model/metrics.ts";
import type { SeriesIndex } from "#shared/text/exposition/series_index.ts";
import type { ExpositionFormat } from "./scrape_request.ts";

/** Bodies of different lines that are remembered, and texts; beyond these all are forgotten, and learned anew. */
const indexesMax = 1_024;
const textsMax = 65_536;
const textLengthMax = 512;

/**
 * What targets of one pool have in common. Thousands of the same exporter answer with the same lines but for their numbers: they use one index of lines, and their
 * labels hold the same strings. A target whose lines change goes its own way (target_lines.ts).
 */
export class SharedLines {
  /** Held by the targets: what none of them uses any more is gone. */
  readonly #indexes = new Map<string, WeakRef<SeriesIndex>>();
  readonly #texts = new Map<string, string>();
  readonly #families = new Map<string, MetricFamily>();

  /** An index with the same lines in the same order, closed for changes; the given one where it is the first of its kind. */
  like(index: SeriesIndex, format: ExpositionFormat): SeriesIndex {
    const key = `${format} ${index.linesHash()}`;
    const known = this.#indexes.get(key)?.deref();
    if (known === index) return index;
    if (known === undefined || !known.hasLinesOf(index)) {
      if (this.#indexes.size >= indexesMax) this.#indexes.clear();
      this.#indexes.set(key, new WeakRef(index));
      return index;
    }
    // Not before there are two: the only one of its kind may grow.
    known.close();
    return known;
  }

  /** The same text, once in memory. */
  text(text: string): string {
    if (text.length > textLengthMax) return text;
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= textsMax) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }

  /** The same metadata, once in memory. */
  family({ name, type, help, unit }: MetricFamily): MetricFamily {
    const known = this.#families.get(name);
    if (known?.type === type && known.help === help && known.unit === unit) return known;
    if (this.#families.size >= textsMax) this.#families.clear();
    const family = { name, type, help, unit };
    this.#families.set(name, family);
    return family;
  }
}
