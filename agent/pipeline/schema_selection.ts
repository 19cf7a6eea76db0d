import type {
  ExemplarSamples,
  HistogramSamples,
  MetricsPart,
  MetricsRow,
  SeriesSchema,
  SparseSamples,
  StartTimestamps,
} from "#shared/model/metrics.ts";
import { isAbsent, setAbsent, wordsOf } from "#shared/model/special_values.ts";
import type { Labels } from "#shared/model/labels.ts";

const refused = -1;

/** Some columns of a schema as a schema of its own, which grows as they do. */
export class SchemaSelection {
  readonly #schema: { series: Labels[]; families: SeriesSchema["families"] };
  readonly #source: SeriesSchema;
  /** By column of the source: the column here, or `refused`. Columns behind its end are not known yet. */
  readonly #columns: number[] = [];

  /** Begins with the first `columns` of the schema. */
  constructor(source: SeriesSchema, columns: number) {
    this.#source = source;
    // Shared, as it only grows.
    this.#schema = { series: source.series.slice(0, columns), families: source.families };
    for (let column = 0; column < columns; column++) this.#columns.push(column);
  }

  refuses(column: number): boolean {
    return (this.#columns[column] ?? refused) === refused;
  }

  *refusedColumns(): Generator<number> {
    for (let column = 0; column < this.#source.series.length; column++)
      if (this.refuses(column)) yield column;
  }

  /** From now on the column belongs to the selection. */
  admit(column: number): void {
    while (this.#columns.length <= column) this.#columns.push(refused);
    this.#columns[column] = this.#schema.series.push(this.#source.series[column] ?? {}) - 1;
  }

  /** The samples of the selected columns, and how many others there were. */
  select(part: MetricsPart): { readonly part: MetricsPart; readonly refused: number } {
    const { schema: _, rows, sparse, histograms, exemplars, starts, ...rest } = part;
    // What a part may hold beside these has columns, too: then this is an error of types.
    const nothingElse: { readonly [key in keyof typeof rest]: never } = rest;
    const selected = rows.map((row) => this.#row(row));
    const sparsePlaces = this.#places(sparse?.columns);
    const histogramPlaces = this.#places(histograms?.columns);
    const exemplarPlaces = this.#places(exemplars?.columns);
    const refusedSamples =
      selected.reduce((sum, { lost }) => sum + lost, 0) +
      (sparse?.columns.length ?? 0) -
      sparsePlaces.length +
      (histograms?.columns.length ?? 0) -
      histogramPlaces.length +
      (exemplars?.columns.length ?? 0) -
      exemplarPlaces.length;
    return {
      part: {
        ...nothingElse,
        schema: this.#schema,
        rows: selected.map(({ row }) => row),
        ...(sparse === undefined ? {} : { sparse: this.#sparse(sparse, sparsePlaces) }),
        ...(histograms === undefined
          ? {}
          : { histograms: this.#histograms(histograms, histogramPlaces) }),
        ...(exemplars === undefined
          ? {}
          : { exemplars: this.#exemplars(exemplars, exemplarPlaces) }),
        ...(starts === undefined ? {} : { starts: this.#starts(starts) }),
      },
      refused: refusedSamples,
    };
  }

  #row(row: MetricsRow): { row: MetricsRow; lost: number } {
    const { values } = row;
    const from = wordsOf(values);
    const selected = new Float64Array(this.#schema.series.length);
    const to = wordsOf(selected);
    for (let column = 0; column < selected.length; column++) setAbsent(to, column);
    let lost = 0;
    for (let column = 0; column < values.length; column++) {
      if (isAbsent(from, column)) continue;
      const place = this.#columns[column] ?? refused;
      if (place === refused) {
        lost++;
        continue;
      }
      // As two words: a number would lose a NaN's payload.
      to[2 * place] = from[2 * column] ?? 0;
      to[2 * place + 1] = from[2 * column + 1] ?? 0;
    }
    return { row: { ...row, values: selected }, lost };
  }

  /** Indexes of the samples whose columns are selected. */
  #places(columns: Uint32Array | undefined): number[] {
    const places: number[] = [];
    for (const [i, column] of (columns ?? []).entries()) if (!this.refuses(column)) places.push(i);
    return places;
  }

  #sparse(samples: SparseSamples, places: readonly number[]): SparseSamples {
    const values = new Float64Array(places.length);
    // From and to a Float64Array, so that memory is copied and NaN bits stay.
    for (const [to, from] of places.entries())
      values.set(samples.values.subarray(from, from + 1), to);
    return { ...this.#placed(samples, places), values };
  }

  #histograms(samples: HistogramSamples, places: readonly number[]): HistogramSamples {
    const histograms = places.flatMap((place) => samples.histograms[place] ?? []);
    return { ...this.#placed(samples, places), histograms };
  }

  #exemplars(samples: ExemplarSamples, places: readonly number[]): ExemplarSamples {
    const values = Float64Array.from(places, (place) => samples.values[place] ?? 0);
    const labels = places.map((place) => samples.labels[place] ?? {});
    return { ...this.#placed(samples, places), values, labels };
  }

  #starts(samples: StartTimestamps): StartTimestamps {
    const places = this.#places(samples.columns);
    const startsMs = Float64Array.from(places, (place) => samples.startsMs[place] ?? 0);
    return { ...this.#placed(samples, places), startsMs };
  }

  #placed(samples: Pick<SparseSamples, "columns" | "timestampsMs">, places: readonly number[]) {
    const { columns, timestampsMs } = samples;
    return {
      columns: Uint32Array.from(places, (place) => this.#columns[columns[place] ?? 0] ?? 0),
      timestampsMs: Float64Array.from(places, (place) => timestampsMs[place] ?? 0),
    };
  }

  /** Sets 1 for each column that has a sample in one of the rows. */
  static markPresent(rows: readonly MetricsRow[], present: Uint8Array): void {
    for (const { values } of rows) {
      const words = wordsOf(values);
      for (let column = 0; column < values.length; column++)
        if (!isAbsent(words, column)) present[column] = 1;
    }
  }
}
