import { OperatingError } from "#shared/errors.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import {
  type ExposedLabels,
  SeriesIndex,
  type Family as ToldFamily,
} from "#shared/text/exposition/series_index.ts";
import { parseWholeText } from "#shared/text/exposition/text_parser.ts";
import type { Family, SampleSink } from "../collect/samples/family.ts";
import { OpenLabels } from "./open_labels.ts";

/** Label names of one metric, all its series together. */
const labelNamesMax = 64;
/** Lines that an index may remember beyond those of the last body, before it begins anew. */
const staleEntriesMax = 1_000;
/** Labels that the instance has itself: exposed ones keep their value under another name, as when scraped. */
const ownLabels = new Set(["job", "instance"]);
/** Names that the instance has itself. */
const ownNames = new Set(["up", "scrape_duration_seconds", "scrape_samples_scraped"]);

type KnownSeries = { readonly family: Family; readonly values: readonly string[]; tick: number };

/**
 * Series that several bodies of Prometheus's text format give to one instance: each series once a tick, label names as they come.
 * A tick is begin() and any number of ExposedBody.addTo().
 */
export class ExposedSeries {
  readonly #labels = new Map<string, OpenLabels>();
  #known = new Map<string, KnownSeries>();
  #tick = 0;
  #added = 0;

  begin(): void {
    // Series that are gone are forgotten once they are the most.
    if (this.#known.size > 2 * this.#added + staleEntriesMax) {
      const last = this.#tick;
      this.#known = new Map([...this.#known].filter(([, { tick }]) => tick === last));
    }
    this.#tick += 1;
    this.#added = 0;
  }

  /** Undefined where the metric has too many label names, or a name that is not for others. */
  seriesOf(labels: ExposedLabels, told: ToldFamily | undefined): KnownSeries | undefined {
    const name = labels.get(metricNameLabel) ?? "";
    if (ownNames.has(name)) return undefined;
    const pairs = [...labels]
      .filter(([label, value]) => label !== metricNameLabel && value !== "")
      .map(([label, value]) => [ownLabels.has(label) ? `exported_${label}` : label, value] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([name, pairs]);
    const found = this.#known.get(key);
    if (found !== undefined) return found;
    const open = this.#labels.get(name) ?? new OpenLabels(labelNamesMax);
    this.#labels.set(name, open);
    const values = open.valuesOf(pairs);
    if (values === undefined) return undefined;
    const { type = "unknown", help = "", unit = "", name: partOf = name } = told ?? {};
    const base = { name, partOf, type, help, unit, labelNames: [] };
    const made = { family: open.family(base, values.length), values, tick: -1 };
    this.#known.set(key, made);
    return made;
  }

  /** False where the series came already in this tick. */
  add(sink: SampleSink, series: KnownSeries, value: number): boolean {
    if (series.tick === this.#tick) return false;
    series.tick = this.#tick;
    this.#added += 1;
    sink.add(series.family, value, ...series.values);
    return true;
  }
}

/** One body, read again when it has changed; what it holds is handed over each tick. */
export class ExposedBody {
  readonly #series: ExposedSeries;
  readonly #columns = new SampleColumns();
  #index = new SeriesIndex();
  /** By the index's entries. */
  #resolved = new Map<number, KnownSeries | undefined>();

  constructor(series: ExposedSeries) {
    this.#series = series;
  }

  /** Throws OperatingError where it is not Prometheus's text format, or gives samples a time of their own; nothing is held then. */
  read(body: Uint8Array): void {
    if (this.#index.size > this.#columns.length * 2 + staleEntriesMax) this.#forget();
    try {
      parseWholeText(body, this.#index, this.#columns);
      if (this.#columns.explicit.subarray(0, this.#columns.length).includes(1))
        throw new OperatingError("bad_request", "samples must not have timestamps");
    } catch (thrown) {
      this.#columns.clear();
      this.#forget();
      throw thrown;
    }
    for (const { entry, labels } of this.#index.newSeries) {
      const family = this.#index.familyOf(entry);
      this.#resolved.set(entry, this.#series.seriesOf(labels, family));
    }
    this.#index.newSeries = [];
    this.#index.changedFamilies.clear();
  }

  /** Adds all samples; the number of those refused, because of their name or labels or because another body had them. */
  addTo(sink: SampleSink): number {
    let refused = 0;
    for (let i = 0; i < this.#columns.length; i++) {
      const series = this.#resolved.get(this.#columns.series[i] ?? 0);
      if (series === undefined || !this.#series.add(sink, series, this.#columns.values[i] ?? 0))
        refused += 1;
    }
    return refused;
  }

  #forget(): void {
    this.#index = new SeriesIndex();
    this.#resolved = new Map();
  }
}
