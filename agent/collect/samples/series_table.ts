import type { Labels } from "#shared/model/labels.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily, MetricsRow, SeriesSchema } from "#shared/model/metrics.ts";
import { setAbsent, setNormalNan, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { Family, SampleSink } from "./family.ts";

/** Schemas below this size are kept although most of their columns are absent: a new one costs more than it saves. */
const rebuildColumnsMin = 64;
/** Room at first, doubled as needed: an agent may have thousands of tables of some twenty series. */
const columnsFirst = 64;

type Columns = { readonly metadata: MetricFamily; readonly byValues: Map<string, number> };

/**
 * The series of one source as the columns of a schema. A tick is begin(), any number of add(), finish(). Label objects and
 * columns are made at the first sight of a series; after that a sample costs two map look-ups and a store.
 */
export class SeriesTable implements SampleSink {
  readonly #base: Labels;
  readonly #seriesMax: number;
  /** By name of the series, then by the family's own label values. */
  #columns = new Map<string, Columns>();
  #schema: { series: Labels[]; families: MetricFamily[] } = { series: [], families: [] };
  /** The row in the making; longer than the schema, so that it seldom grows. */
  #values = new Float64Array(columnsFirst);
  #words = wordsOf(this.#values);
  /** Per column: the number of the last tick with a sample. */
  #seen = new Uint32Array(columnsFirst);
  #tick = 0;
  #presentCount = 0;
  #refused = 0;

  /** `base` stands on every series. A series beyond `seriesMax` is refused and counted by `finish`. */
  constructor(base: Labels, seriesMax: number) {
    this.#base = base;
    this.#seriesMax = seriesMax;
  }

  begin(): void {
    const size = this.#schema.series.length;
    if (size >= rebuildColumnsMin && this.#presentCount * 2 < size) this.#rebuild();
    this.#tick += 1;
    this.#presentCount = 0;
    this.#refused = 0;
    for (let column = 0; column < this.#seen.length; column++) setAbsent(this.#words, column);
  }

  add(family: Family, value: number, ...labelValues: readonly string[]): void {
    const column = this.#columnOf(family, labelValues);
    if (column === undefined) {
      this.#refused += 1;
      return;
    }
    if (this.#seen[column] !== this.#tick) this.#presentCount += 1;
    this.#seen[column] = this.#tick;
    if (Number.isNaN(value)) setNormalNan(this.#words, column);
    else this.#values[column] = value;
  }

  /** Closes the tick: the row (owned by the caller), its schema, and the number of samples refused by the limit. */
  finish(timestampMs: number): { schema: SeriesSchema; row: MetricsRow; refused: number } {
    const size = this.#schema.series.length;
    for (let column = 0; column < size; column++) {
      const seen = this.#seen[column] ?? 0;
      if (seen !== 0 && seen === this.#tick - 1) setStale(this.#words, column);
    }
    const values = this.#values.slice(0, size);
    return { schema: this.#schema, row: { timestampMs, values }, refused: this.#refused };
  }

  #columnOf(family: Family, labelValues: readonly string[]): number | undefined {
    let columns = this.#columns.get(family.name);
    if (columns === undefined) {
      columns = { metadata: metadataOf(family), byValues: new Map() };
      this.#columns.set(family.name, columns);
      tell(this.#schema.families, columns.metadata);
    }
    const { byValues } = columns;
    const key = labelValues.length === 1 ? (labelValues[0] ?? "") : labelValues.join("\u00ff");
    const known = byValues.get(key);
    if (known !== undefined) return known;
    const column = this.#schema.series.length;
    if (column >= this.#seriesMax) return undefined;
    if (column >= this.#seen.length) this.#grow();
    this.#schema.series.push(labelsOf(family, labelValues, this.#base));
    byValues.set(key, column);
    return column;
  }

  #grow(): void {
    const from = this.#seen.length;
    // Copied as words: values may hold NaNs whose bits mean something.
    const words = new Uint32Array(from * 4);
    words.set(this.#words);
    this.#words = words;
    this.#values = new Float64Array(words.buffer);
    const seen = new Uint32Array(from * 2);
    seen.set(this.#seen);
    this.#seen = seen;
    for (let column = from; column < seen.length; column++) setAbsent(words, column);
  }

  /** A new schema of the columns that the last tick had; their stale markers are still due when they vanish later. */
  #rebuild(): void {
    const old = { schema: this.#schema, columns: this.#columns, seen: this.#seen };
    const seen = new Uint32Array(old.seen.length);
    this.#schema = { series: [], families: [] };
    this.#columns = new Map();
    for (const [name, { metadata, byValues }] of old.columns) {
      const kept = new Map<string, number>();
      for (const [key, column] of byValues) {
        const labels = old.schema.series[column];
        if (old.seen[column] !== this.#tick || labels === undefined) continue;
        seen[this.#schema.series.length] = this.#tick;
        kept.set(key, this.#schema.series.length);
        this.#schema.series.push(labels);
      }
      if (kept.size === 0) continue;
      this.#columns.set(name, { metadata, byValues: kept });
      tell(this.#schema.families, metadata);
    }
    this.#seen = seen;
  }
}

function metadataOf({ name, partOf, type, help, unit }: Family): MetricFamily {
  return { name: partOf ?? name, type, help, unit };
}

/** The parts of a histogram share their metadata, which is told once. */
function tell(families: MetricFamily[], metadata: MetricFamily): void {
  if (!families.some(({ name }) => name === metadata.name)) families.push(metadata);
}

function labelsOf(family: Family, labelValues: readonly string[], base: Labels): Labels {
  const labels: Record<string, string> = { [metricNameLabel]: family.name, ...base };
  family.labelNames.forEach((name, i) => {
    const value = labelValues[i] ?? "";
    if (value !== "") labels[name] = value;
  });
  return labels;
}
