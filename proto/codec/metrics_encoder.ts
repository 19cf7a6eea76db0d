// Hot: guarded by `bench codec`.
import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type {
  ExemplarSamples,
  HistogramSamples,
  MetricFamily,
  MetricsBatch,
  MetricsPart,
  MetricsRow,
  SeriesSchema,
  SparseSamples,
  StartTimestamps,
} from "#shared/model/metrics.ts";
import { Compression } from "../gen/v1/frame_pb.js";
import { ByteWriter } from "./byte_writer.ts";
import { changeBytesMax, ColumnState } from "./column_state.ts";
import {
  exemplarBytesMax,
  startBytesMax,
  writeExemplars,
  writeStarts,
} from "./exemplar_samples.ts";
import { familyBytesMax, writeFamilies } from "./families.ts";
import { histogramBytesMax, writeHistograms } from "./histogram_samples.ts";
import { labelsBytesMax, writeLabelTable } from "./label_table.ts";
import {
  type EncodedBody,
  type EncodedTogether,
  epochSeriesMax,
  exemplarsBodyVersion,
  fineBodyVersion,
  frameCellsMax,
  histogramsBodyVersion,
  metricsBodyVersion,
  operation,
} from "./metrics_body.ts";
import { pack, rawBytesMax } from "./packing.ts";
import { sparseSampleBytesMax, writeSparse } from "./sparse_samples.ts";
import { timestampBytesMax, writeTimestamp } from "./timestamps.ts";

/**
 * Encoder state is one epoch's: make a new one when the epoch changes. A batch gives one body or, where it would pass
 * frameBytesMax, several; all of them must be written, in order. Throws OperatingError("overloaded") for what no frame
 * or decoder takes (a label set of over 256 KiB, over `epochSeriesMax` series in a schema), and is then as it was.
 */
export type MetricsEncoder = {
  encode(batch: MetricsBatch): EncodedBody[];
  /** Several batches as if they were one. */
  encodeTogether(batches: readonly MetricsBatch[]): EncodedTogether;
};

export type MetricsEncoderOptions = {
  /**
   * Schemas remembered; one that was not used for longest is forgotten, and sent again when it comes back. Each target of an agent has one: with
   * fewer than there are targets, every scrape would tell its series anew.
   */
  readonly schemasMax?: number;
};

const schemasDefault = 65_536;
const labelSetBytesMax = 256 * 1024;
/** New ones of one body: who takes it finds a place for each before anything else goes on. */
const bodySeriesMax = 8 * 1024;
const rowColumnsMax = 32 * 1024;
const sparseSamplesMax = 16 * 1024;
/** Of one operation, and of one body: at 128 characters each, half of what a decoder takes. */
const exemplarsMax = 1_024;
const bodyExemplarsMax = 4_096;
const operationHeadBytesMax = 64;

export function createMetricsEncoder(options: MetricsEncoderOptions = {}): MetricsEncoder {
  return new Encoder(options.schemasMax ?? schemasDefault);
}

type SentSchema = {
  readonly id: number;
  readonly state: ColumnState;
  seriesSent: number;
  familiesSent: number;
  /** Start timestamps as last told, by column. */
  starts: Map<number, number> | undefined;
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
  /** Of the body that is being written, and of those before it. */
  #items = 0;
  #itemsBefore = 0;
  #cells = 0;
  #newSeries = 0;
  #exemplars = 0;

  constructor(schemasMax: number) {
    this.#schemasMax = schemasMax;
  }

  encode(batch: MetricsBatch): EncodedBody[] {
    return this.encodeTogether([batch]).bodies;
  }

  encodeTogether(batches: readonly MetricsBatch[]) {
    for (const batch of batches) for (const part of partsOf(batch)) this.#check(part);
    this.#bodies = [];
    this.#itemsBefore = 0;
    const items = batches.map((batch) => {
      const before = this.#itemsBefore + this.#items;
      for (const part of partsOf(batch)) this.#writePart(part);
      return this.#itemsBefore + this.#items - before;
    });
    this.#flush();
    return { bodies: this.#bodies, items };
  }

  #writePart(part: MetricsPart): void {
    const { schema, rows, sparse, histograms, starts, exemplars } = part;
    const sent = this.#use(schema);
    this.#writeSeries(sent, schema.series);
    this.#writeFamilies(sent, schema.families);
    for (const row of rows) this.#writeRow(sent, row);
    if (sparse !== undefined) this.#writeSparse(sent, sparse);
    if (histograms !== undefined) this.#writeHistograms(sent, histograms);
    if (starts !== undefined) this.#writeStarts(sent, starts);
    if (exemplars !== undefined) this.#writeExemplars(sent, exemplars);
  }

  #check({ schema, rows }: MetricsPart): void {
    const { seriesSent = 0, familiesSent = 0 } = this.#sent.get(schema) ?? {};
    if (schema.series.length > epochSeriesMax)
      throw new OperatingError("overloaded", `schema of ${schema.series.length} series`);
    for (let i = seriesSent; i < schema.series.length; i++)
      if (labelsBytesMax(schema.series[i] ?? {}) > labelSetBytesMax)
        throw new OperatingError("overloaded", "a label set is larger than a frame takes");
    for (let i = familiesSent; i < schema.families.length; i++)
      if (familyBytesMax(schema.families[i]) > labelSetBytesMax)
        throw new OperatingError("overloaded", "metadata is larger than a frame takes");
    for (const row of rows)
      assert(row.values.length <= schema.series.length, "a row is longer than its schema");
  }

  #use(schema: SeriesSchema): SentSchema {
    let sent = this.#sent.get(schema);
    if (sent === undefined)
      sent = {
        id: this.#nextId++,
        state: new ColumnState(),
        seriesSent: 0,
        familiesSent: 0,
        starts: undefined,
      };
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

  /** What the body holds is known to decoders of this version and later ones. */
  #needs(version: number): void {
    this.#version = Math.max(this.#version, version);
  }

  #flush(): void {
    const raw = this.#writer.written();
    if (raw.length === 0) return;
    const packed = pack(raw, Compression.LZ4);
    const [bodySize, items, bodyVersion] = [raw.length, this.#items, this.#version];
    this.#bodies.push({ ...packed, bodySize, bodyVersion, items });
    this.#writer.clear();
    this.#version = metricsBodyVersion;
    this.#itemsBefore += items;
    this.#items = 0;
    this.#cells = 0;
    this.#newSeries = 0;
    this.#exemplars = 0;
  }

  #writeSeries(sent: SentSchema, series: readonly Labels[]): void {
    while (sent.seriesSent < series.length) {
      if (this.#newSeries === bodySeriesMax) this.#flush();
      let end = sent.seriesSent;
      let bytes = 0;
      const endMax = Math.min(series.length, end + bodySeriesMax - this.#newSeries);
      for (; end < endMax; end++) {
        const more = labelsBytesMax(series[end] ?? {});
        if (bytes + more > rawBytesMax - 2 * operationHeadBytesMax) break;
        bytes += more;
      }
      this.#begin(operation.series, sent.id, bytes);
      this.#writer.varint(sent.seriesSent);
      writeLabelTable(this.#writer, series.slice(sent.seriesSent, end));
      this.#newSeries += end - sent.seriesSent;
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
      this.#begin(row.isFine === true ? operation.fineRow : operation.row, sent.id, bytesMax);
      if (row.isFine === true) this.#needs(fineBodyVersion);
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
      this.#needs(histogramsBodyVersion);
      writeHistograms(this.#writer, samples, start, end);
      this.#items += end - start;
      start = end;
    }
  }

  #writeExemplars(sent: SentSchema, samples: ExemplarSamples): void {
    const { labels } = samples;
    for (let start = 0; start < labels.length;) {
      let end = start;
      let bytes = 0;
      for (; end < labels.length && end - start < exemplarsMax; end++) {
        const more = exemplarBytesMax(labels[end]);
        if (end > start && bytes + more > rawBytesMax - 2 * operationHeadBytesMax) break;
        bytes += more;
      }
      // A dictionary makes texts small: no body may hold more of them than a decoder takes.
      if (this.#exemplars + end - start > bodyExemplarsMax) this.#flush();
      this.#begin(operation.exemplars, sent.id, bytes);
      this.#needs(exemplarsBodyVersion);
      writeExemplars(this.#writer, samples, start, end);
      this.#items += end - start;
      this.#exemplars += end - start;
      start = end;
    }
  }

  /** Only those that differ from what was told last in this epoch. */
  #writeStarts(sent: SentSchema, { columns, timestampsMs, startsMs }: StartTimestamps): void {
    const told = (sent.starts ??= new Map());
    const changed: number[] = [];
    for (let i = 0; i < columns.length; i++) {
      const [column = 0, startMs = 0] = [columns[i], startsMs[i]];
      if ((told.get(column) ?? 0) === startMs) continue;
      told.set(column, startMs);
      changed.push(i);
    }
    const pick = (from: Float64Array) => Float64Array.from(changed, (i) => from[i] ?? 0);
    const news = {
      columns: Uint32Array.from(changed, (i) => columns[i] ?? 0),
      timestampsMs: pick(timestampsMs),
      startsMs: pick(startsMs),
    };
    for (let start = 0; start < changed.length; start += sparseSamplesMax) {
      const end = Math.min(changed.length, start + sparseSamplesMax);
      this.#begin(operation.starts, sent.id, (end - start) * startBytesMax);
      this.#needs(exemplarsBodyVersion);
      writeStarts(this.#writer, news, start, end);
    }
  }
}

function partsOf(batch: MetricsBatch): readonly MetricsPart[] {
  return batch.also === undefined ? [batch] : [batch, ...batch.also];
}
