import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type {
  HistogramSamples,
  MetricFamily,
  MetricsBatch,
  MetricsRow,
  SeriesSchema,
  SparseSamples,
} from "#shared/model/metrics.ts";
import { isAbsent, setAbsent, wordsOf } from "#shared/model/special_values.ts";
import { Compression } from "../gen/v1/frame_pb.js";
import { ByteReader, corrupt } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { changeBytesMax, ColumnState } from "./column_state.ts";
import type { Frame } from "./envelope.ts";
import { familyBytesMax, readFamilies, writeFamilies } from "./families.ts";
import { histogramBytesMax, readHistograms, writeHistograms } from "./histogram_samples.ts";
import { labelsBytesMax, readLabelTable, writeLabelTable } from "./label_table.ts";
import { pack, rawBytesMax, unpack } from "./packing.ts";
import { readSparse, sparseSampleBytesMax, writeSparse } from "./sparse_samples.ts";
import { nextBase, readTimestamp, timestampBytesMax, writeTimestamp } from "./timestamps.ts";

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

/** One frame's worth: body as stored, with what the header needs to say of it. */
export type EncodedBody = {
  readonly body: Uint8Array;
  readonly compression: Compression;
  /** Length before compression. */
  readonly bodySize: number;
  readonly bodyVersion: number;
  readonly items: number;
};

/**
 * Encoder state is one epoch's: make a new one when the epoch changes. A batch gives one body or, where it would pass
 * frameBytesMax, several; all of them must be written, in order. Throws OperatingError("overloaded") for what no frame
 * or decoder takes (a label set of over 256 KiB, over `epochSeriesMax` series in a schema), and is then as it was.
 */
export type MetricsEncoder = { encode(batch: MetricsBatch): EncodedBody[] };

/** Decoder state is one epoch's. Bodies must come in sequence; a throw (OperatingError "corrupt") leaves the state as it was. */
export type MetricsDecoder = { decode(frame: Frame): DecodedMetrics };

export type MetricsEncoderOptions = {
  /** Schemas remembered; one that was not used for longest is forgotten, and sent again when it comes back. */
  readonly schemasMax?: number;
};

/** The body of a metrics frame: a list of operations, drawn in docs/formats/frame.md. */
const metricsBodyVersion = 1;
/** Of a body with histograms: decoders that don't know them refuse it as a whole. */
const histogramsBodyVersion = 2;
const operation = {
  series: 1,
  families: 2,
  row: 3,
  sparse: 4,
  forget: 5,
  histograms: 6,
} as const;

/** Series that a decoder remembers in an epoch. */
const epochSeriesMax = 4_000_000;
/** Values of all rows of one frame, absent ones included. */
const frameCellsMax = 2 ** 22;
const labelSetBytesMax = 256 * 1024;
const rowColumnsMax = 32 * 1024;
const sparseSamplesMax = 16 * 1024;
const operationHeadBytesMax = 64;

export function createMetricsEncoder(options: MetricsEncoderOptions = {}): MetricsEncoder {
  return new Encoder(options.schemasMax ?? 4_096);
}

export function createMetricsDecoder(): MetricsDecoder {
  return new Decoder();
}

type SentSchema = {
  readonly id: number;
  readonly state: ColumnState;
  seriesSent: number;
  familiesSent: number;
};

class Encoder implements MetricsEncoder {
  readonly #schemasMax: number;
  /** In order of last use. */
  readonly #sent = new Map<SeriesSchema, SentSchema>();
  readonly #writer = new ByteWriter();
  #seriesCount = 0;
  #nextId = 1;
  #bodies: EncodedBody[] = [];
  #version = metricsBodyVersion;
  #items = 0;
  #cells = 0;

  constructor(schemasMax: number) {
    this.#schemasMax = schemasMax;
  }

  encode(batch: MetricsBatch): EncodedBody[] {
    this.#check(batch);
    this.#bodies = [];
    const sent = this.#use(batch.schema);
    this.#writeSeries(sent, batch.schema.series);
    this.#writeFamilies(sent, batch.schema.families);
    for (const row of batch.rows) this.#writeRow(sent, row);
    if (batch.sparse !== undefined) this.#writeSparse(sent, batch.sparse);
    if (batch.histograms !== undefined) this.#writeHistograms(sent, batch.histograms);
    this.#flush();
    return this.#bodies;
  }

  #check({ schema, rows }: MetricsBatch): void {
    const seriesSent = this.#sent.get(schema)?.seriesSent ?? 0;
    if (schema.series.length > epochSeriesMax)
      throw new OperatingError("overloaded", `schema of ${schema.series.length} series`);
    for (let i = seriesSent; i < schema.series.length; i++)
      if (labelsBytesMax(schema.series[i] ?? {}) > labelSetBytesMax)
        throw new OperatingError("overloaded", "a label set is larger than a frame takes");
    for (const family of schema.families)
      if (familyBytesMax(family) > labelSetBytesMax)
        throw new OperatingError("overloaded", "metadata is larger than a frame takes");
    for (const row of rows)
      assert(row.values.length <= schema.series.length, "a row is longer than its schema");
  }

  #use(schema: SeriesSchema): SentSchema {
    let sent = this.#sent.get(schema);
    if (sent === undefined)
      sent = { id: this.#nextId++, state: new ColumnState(), seriesSent: 0, familiesSent: 0 };
    else this.#sent.delete(schema);
    this.#seriesCount += schema.series.length - sent.seriesSent;
    for (const [oldest, { id, seriesSent }] of this.#sent) {
      if (this.#sent.size < this.#schemasMax && this.#seriesCount <= epochSeriesMax) break;
      this.#sent.delete(oldest);
      this.#seriesCount -= seriesSent;
      this.#begin(operation.forget, id, 0);
    }
    this.#sent.set(schema, sent);
    return sent;
  }

  /** Opens an operation, in a new body where this one has no room for it. */
  #begin(code: number, id: number, bytesMax: number): void {
    const needed = operationHeadBytesMax + bytesMax;
    assert(needed <= rawBytesMax, `operation of up to ${needed} bytes`);
    if (this.#writer.length + needed > rawBytesMax) this.#flush();
    this.#writer.ensure(needed);
    this.#writer.byte(code);
    this.#writer.varint(id);
  }

  #flush(): void {
    const raw = this.#writer.written();
    if (raw.length === 0) return;
    const packed = pack(raw, Compression.LZ4);
    const [bodySize, items, bodyVersion] = [raw.length, this.#items, this.#version];
    this.#bodies.push({ ...packed, bodySize, bodyVersion, items });
    this.#writer.clear();
    this.#version = metricsBodyVersion;
    this.#items = 0;
    this.#cells = 0;
  }

  #writeSeries(sent: SentSchema, series: readonly Labels[]): void {
    while (sent.seriesSent < series.length) {
      let end = sent.seriesSent;
      let bytes = 0;
      for (; end < series.length; end++) {
        const more = labelsBytesMax(series[end] ?? {});
        if (bytes + more > rawBytesMax - 2 * operationHeadBytesMax) break;
        bytes += more;
      }
      this.#begin(operation.series, sent.id, bytes);
      this.#writer.varint(sent.seriesSent);
      writeLabelTable(this.#writer, series.slice(sent.seriesSent, end));
      sent.seriesSent = end;
      sent.state.grow(end);
    }
  }

  #writeFamilies(sent: SentSchema, families: readonly MetricFamily[]): void {
    while (sent.familiesSent < families.length) {
      let end = sent.familiesSent;
      let bytes = 0;
      for (; end < families.length; end++) {
        const more = familyBytesMax(families[end]);
        if (bytes + more > rawBytesMax - 2 * operationHeadBytesMax) break;
        bytes += more;
      }
      this.#begin(operation.families, sent.id, bytes);
      writeFamilies(this.#writer, families.slice(sent.familiesSent, end));
      sent.familiesSent = end;
    }
  }

  /** A wide row becomes several rows of the same time, each of some columns. */
  #writeRow(sent: SentSchema, row: MetricsRow): void {
    const { state } = sent;
    const columns = row.values.length;
    for (let start = 0; start < columns; start += rowColumnsMax) {
      const end = Math.min(columns, start + rowColumnsMax);
      if (this.#cells + end > frameCellsMax) this.#flush();
      const bytesMax = timestampBytesMax + 16 + (end - start) * (changeBytesMax + 1);
      this.#begin(operation.row, sent.id, bytesMax);
      state.lastTimestampMs = writeTimestamp(this.#writer, row.timestampMs, state.lastTimestampMs);
      this.#writer.varint(start);
      this.#writer.varint(end - start);
      this.#items += state.write(this.#writer, row.values, start, end);
      this.#cells += end;
    }
  }

  #writeSparse(sent: SentSchema, samples: SparseSamples): void {
    const count = samples.columns.length;
    for (let start = 0; start < count; start += sparseSamplesMax) {
      const end = Math.min(count, start + sparseSamplesMax);
      this.#begin(operation.sparse, sent.id, (end - start) * sparseSampleBytesMax);
      this.#items += writeSparse(this.#writer, samples, start, end);
    }
  }

  #writeHistograms(sent: SentSchema, samples: HistogramSamples): void {
    const count = samples.columns.length;
    for (let start = 0; start < count;) {
      let end = start;
      let bytes = 0;
      for (; end < count && end - start < sparseSamplesMax; end++) {
        const more = histogramBytesMax(samples.histograms[end]);
        if (end > start && bytes + more > rawBytesMax - 2 * operationHeadBytesMax) break;
        bytes += more;
      }
      this.#begin(operation.histograms, sent.id, bytes);
      this.#version = histogramsBodyVersion;
      writeHistograms(this.#writer, samples, start, end);
      this.#items += end - start;
      start = end;
    }
  }
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
