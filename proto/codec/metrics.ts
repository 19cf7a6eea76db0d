import type { Labels } from "#shared/model/labels.ts";
import type { HistogramSamples, MetricFamily, SparseSamples } from "#shared/model/metrics.ts";
import { isAbsent, setAbsent, wordsOf } from "#shared/model/special_values.ts";
import { ByteReader, corrupt } from "./byte_reader.ts";
import { ColumnState } from "./column_state.ts";
import type { Frame } from "./envelope.ts";
import { readFamilies } from "./families.ts";
import { readHistograms } from "./histogram_samples.ts";
import { readLabelTable } from "./label_table.ts";
import {
  epochSeriesMax,
  frameCellsMax,
  histogramsBodyVersion,
  metricsBodyVersion,
  operation,
} from "./metrics_body.ts";
import { unpack } from "./packing.ts";
import { readSparse } from "./sparse_samples.ts";
import { nextBase, readTimestamp } from "./timestamps.ts";

/** A schema as the decoder knows it: one object for its life (identity may be used as a key), growing at the end. */
export type DecodedSchema = { readonly series: readonly Labels[] };

export type DecodedMetrics = {
  /** Rows in the order of the frame. `values` is fresh memory owned by the receiver, at most as long as the schema was then. */
  readonly rows: readonly {
    readonly schema: DecodedSchema;
    readonly timestampMs: number;
    readonly values: Float64Array;
  }[];
  readonly sparse: readonly { readonly schema: DecodedSchema; readonly samples: SparseSamples }[];
  /** Absent where the frame has none. */
  readonly histograms?: readonly {
    readonly schema: DecodedSchema;
    readonly samples: HistogramSamples;
  }[];
  /** Metric families that are new in this frame. */
  readonly families: readonly MetricFamily[];
};

/** Decoder state is one epoch's. Bodies must come in sequence; a throw (OperatingError "corrupt") leaves the state as it was. */
export type MetricsDecoder = { decode(frame: Frame): DecodedMetrics };

export function createMetricsDecoder(): MetricsDecoder {
  return new Decoder();
}

type KnownSchema = { readonly schema: { readonly series: Labels[] }; readonly state: ColumnState };

class Decoder implements MetricsDecoder {
  readonly #known = new Map<number, KnownSchema>();
  #seriesCount = 0;

  decode(frame: Frame): DecodedMetrics {
    const { bodyVersion, items } = frame.header;
    if (bodyVersion !== metricsBodyVersion && bodyVersion !== histogramsBodyVersion)
      throw corrupt(`version ${bodyVersion}`);
    const body = new BodyDecoder(new ByteReader(unpack(frame)), this.#known, this.#seriesCount);
    try {
      body.run();
      if (body.items !== items) throw corrupt(`has ${body.items} items, expected ${items}`);
    } catch (error) {
      body.undo();
      throw error;
    }
    for (const [id, known] of body.changed) {
      if (known === undefined) this.#known.delete(id);
      else this.#known.set(id, known);
    }
    this.#seriesCount = body.seriesCount;
    const { rows, sparse, families, histograms } = body;
    return histograms.length === 0
      ? { rows, sparse, families }
      : { rows, sparse, families, histograms };
  }
}

/** One body's decoding. Column states are changed as copies; series lists grow in place, and shrink on `undo`. */
class BodyDecoder {
  readonly rows: { schema: DecodedSchema; timestampMs: number; values: Float64Array }[] = [];
  readonly sparse: { schema: DecodedSchema; samples: SparseSamples }[] = [];
  readonly histograms: { schema: DecodedSchema; samples: HistogramSamples }[] = [];
  readonly families: MetricFamily[] = [];
  /** What replaces the known schemas; undefined forgets one. */
  readonly changed = new Map<number, KnownSchema | undefined>();
  items = 0;
  seriesCount: number;
  readonly #reader: ByteReader;
  readonly #known: ReadonlyMap<number, KnownSchema>;
  readonly #grown: { readonly series: Labels[]; readonly length: number }[] = [];
  #cells = 0;

  constructor(reader: ByteReader, known: ReadonlyMap<number, KnownSchema>, seriesCount: number) {
    this.#reader = reader;
    this.#known = known;
    this.seriesCount = seriesCount;
  }

  undo(): void {
    for (const { series, length } of this.#grown.toReversed()) series.length = length;
  }

  run(): void {
    const reader = this.#reader;
    while (reader.left > 0) {
      const code = reader.byte();
      const id = reader.varint();
      if (code === operation.series) this.#series(id);
      else if (code === operation.families) this.families.push(...readFamilies(reader));
      else if (code === operation.row) this.#row(this.#find(id));
      else if (code === operation.sparse) this.#sparse(this.#find(id));
      else if (code === operation.histograms) this.#histograms(this.#find(id));
      else if (code === operation.forget) this.#forget(id);
      else throw corrupt(`operation ${code}`);
    }
  }

  #find(id: number): KnownSchema {
    if (!this.changed.has(id)) {
      const known = this.#known.get(id);
      if (known !== undefined)
        this.changed.set(id, { schema: known.schema, state: known.state.clone() });
    }
    const found = this.changed.get(id);
    if (found === undefined) throw corrupt(`schema ${id} is not known`);
    return found;
  }

  #series(id: number): void {
    const from = this.#reader.varint();
    const isNew = this.changed.get(id) === undefined && !this.#known.has(id);
    if (isNew) this.changed.set(id, { schema: { series: [] }, state: new ColumnState() });
    const { schema, state } = this.#find(id);
    const { series } = schema;
    if (from !== series.length) throw corrupt(`series from ${from}, expected ${series.length}`);
    this.#grown.push({ series, length: series.length });
    const added = readLabelTable(this.#reader);
    this.seriesCount += added.length;
    if (this.seriesCount > epochSeriesMax) throw corrupt("too many series in an epoch");
    for (const labels of added) series.push(labels);
    state.grow(series.length);
  }

  #forget(id: number): void {
    this.seriesCount -= this.#find(id).schema.series.length;
    this.changed.set(id, undefined);
  }

  #row({ schema, state }: KnownSchema): void {
    const reader = this.#reader;
    const timestampMs = readTimestamp(reader, state.lastTimestampMs);
    state.lastTimestampMs = nextBase(timestampMs, state.lastTimestampMs);
    const start = reader.varint();
    const end = start + reader.varint();
    if (end > schema.series.length)
      throw corrupt(`row up to column ${end} of ${schema.series.length}`);
    this.#cells += end;
    if (this.#cells > frameCellsMax) throw corrupt("rows hold too many values");
    state.read(reader, start, end);
    const values = new Float64Array(end);
    const words = wordsOf(values);
    for (let column = 0; column < start; column++) setAbsent(words, column);
    // Same type on both sides: memory is copied, so NaN bits stay.
    values.set(state.values.subarray(start, end), start);
    for (let column = start; column < end; column++) if (!isAbsent(words, column)) this.items++;
    this.rows.push({ schema, timestampMs, values });
  }

  #sparse({ schema }: KnownSchema): void {
    const samples = readSparse(this.#reader, schema.series.length);
    const words = wordsOf(samples.values);
    for (let i = 0; i < samples.values.length; i++) if (!isAbsent(words, i)) this.items++;
    this.sparse.push({ schema, samples });
  }

  #histograms({ schema }: KnownSchema): void {
    const samples = readHistograms(this.#reader, schema.series.length);
    this.items += samples.columns.length;
    this.histograms.push({ schema, samples });
  }
}
