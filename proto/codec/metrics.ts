// Hot: guarded by `bench codec`.
import type { Labels } from "#shared/model/labels.ts";
import type {
  ExemplarSamples,
  HistogramSamples,
  MetricFamily,
  SparseSamples,
  StartTimestamps,
} from "#shared/model/metrics.ts";
import { isAbsent, setAbsent, wordsOf } from "#shared/model/special_values.ts";
import { ByteReader, corrupt } from "./byte_reader.ts";
import { ColumnState, SavedColumns } from "./column_state.ts";
import type { Frame } from "./envelope.ts";
import { readExemplars, readStarts } from "./exemplar_samples.ts";
import { readFamilies } from "./families.ts";
import { readHistograms } from "./histogram_samples.ts";
import { readLabelTable } from "./label_table.ts";
import {
  epochSeriesMax,
  exemplarsBodyVersion,
  fineBodyVersion,
  frameCellsMax,
  histogramsBodyVersion,
  metricsBodyVersion,
  operation,
} from "./metrics_body.ts";
import { unpack } from "./packing.ts";
import { readSparse } from "./sparse_samples.ts";
import { nextBase, readTimestamp } from "./timestamps.ts";

/** A schema as the decoder knows it: one object for its life (identity may be used as a key), growing at the end. */
export type DecodedSchema = {
  /** A label set may be replaced by an equal one. */
  readonly series: Labels[];
  /** Start timestamps by column, as they were before the frame that was decoded last. Absent where there never was one. */
  readonly starts?: ReadonlyMap<number, number>;
};

export type DecodedRow = {
  readonly schema: DecodedSchema;
  readonly timestampMs: number;
  /** At most as long as the schema was then. May be memory of the decoder's: good until the next frame is decoded. */
  readonly values: Float64Array;
  /** How many of the values are not absent. */
  readonly items: number;
  /** As in MetricsRow. */
  readonly isFine?: boolean;
};

export type DecodedMetrics = {
  /** Rows in the order of the frame. */
  readonly rows: readonly DecodedRow[];
  readonly sparse: readonly { readonly schema: DecodedSchema; readonly samples: SparseSamples }[];
  /** Absent where the frame has none. */
  readonly histograms?: readonly {
    readonly schema: DecodedSchema;
    readonly samples: HistogramSamples;
  }[];
  /** Absent where the frame has none. */
  readonly exemplars?: readonly {
    readonly schema: DecodedSchema;
    readonly samples: ExemplarSamples;
  }[];
  /** Start timestamps that change in this frame; absent where none does. */
  readonly starts?: readonly {
    readonly schema: DecodedSchema;
    readonly samples: StartTimestamps;
  }[];
  /** All schemas whose `starts` are known: what they say holds for samples of this frame, too. Absent where there is none. */
  readonly startsOf?: Iterable<DecodedSchema>;
  /** Metric families that are new in this frame. */
  readonly families: readonly MetricFamily[];
};

/** Decoder state is one epoch's. Bodies must come in sequence; a throw (OperatingError "corrupt") leaves the state as it was. */
export type MetricsDecoder = { decode(frame: Frame): DecodedMetrics };

export function createMetricsDecoder(): MetricsDecoder {
  return new Decoder();
}

type Row = { -readonly [Key in keyof DecodedRow]: DecodedRow[Key] };
type Schema = { readonly series: Labels[]; starts?: Map<number, number> };
type KnownSchema = { readonly schema: Schema; readonly state: ColumnState };

class Decoder implements MetricsDecoder {
  readonly #known = new Map<number, KnownSchema>();
  readonly #journal = new Journal();
  #seriesCount = 0;
  /** Changes of the last frame. */
  #starts: BodyDecoder["starts"] = [];
  readonly #withStarts = new Set<Schema>();

  decode(frame: Frame): DecodedMetrics {
    const { bodyVersion, items } = frame.header;
    if (!versions.has(bodyVersion)) throw corrupt(`version ${bodyVersion}`);
    this.#takeStarts();
    const reader = new ByteReader(unpack(frame));
    const body = new BodyDecoder(reader, this.#known, this.#journal, this.#seriesCount);
    try {
      body.run();
      if (body.items !== items) throw corrupt(`has ${body.items} items, expected ${items}`);
    } catch (error) {
      this.#journal.undo();
      throw error;
    } finally {
      this.#journal.clear();
    }
    for (const [id, known] of body.changed) {
      if (known === undefined) this.#forget(id);
      else this.#known.set(id, known);
    }
    this.#seriesCount = body.seriesCount;
    const { rows, sparse, families, histograms, exemplars, starts } = body;
    this.#starts = starts;
    const startsOf = this.#withStarts;
    const decoded =
      startsOf.size === 0 ? { rows, sparse, families } : { rows, sparse, families, startsOf };
    if (bodyVersion === metricsBodyVersion) return decoded;
    return {
      ...decoded,
      ...(histograms.length === 0 ? {} : { histograms }),
      ...(exemplars.length === 0 ? {} : { exemplars }),
      ...(starts.length === 0 ? {} : { starts }),
    };
  }

  #forget(id: number): void {
    const known = this.#known.get(id);
    if (known !== undefined) this.#withStarts.delete(known.schema);
    this.#known.delete(id);
  }

  /** The state before a frame is what holds for samples that come before its changes, so they are taken over after it. */
  #takeStarts(): void {
    for (const { schema, samples } of this.#starts) {
      schema.starts ??= new Map();
      this.#withStarts.add(schema);
      for (const [i, column] of samples.columns.entries())
        schema.starts.set(column, samples.startsMs[i] ?? 0);
    }
    this.#starts = [];
  }
}

const versions: ReadonlySet<number> = new Set([
  metricsBodyVersion,
  histogramsBodyVersion,
  exemplarsBodyVersion,
  fineBodyVersion,
]);

/** What a body changed so far, so that one that turns out to be damaged leaves nothing behind. */
class Journal {
  #steps: (() => void)[] = [];
  readonly #saved: SavedColumns[] = [];
  #used = 0;

  /** Before columns [start, end) of a state change. */
  columns(state: ColumnState, start: number, end: number): void {
    const saved = (this.#saved[this.#used++] ??= new SavedColumns());
    state.save(saved, start, end);
    this.#steps.push(() => state.restore(saved));
  }

  /** Before a schema grows. */
  growth({ schema, state }: KnownSchema): void {
    const { length } = schema.series;
    this.#steps.push(() => {
      schema.series.length = length;
      state.shrink(length);
    });
  }

  undo(): void {
    for (const step of this.#steps.toReversed()) step();
  }

  clear(): void {
    this.#steps = [];
    this.#used = 0;
    let columns = 0;
    const keep = this.#saved.findIndex((saved) => (columns += saved.capacity) > savedColumnsMax);
    if (keep >= 0) this.#saved.length = Math.max(1, keep);
  }
}

/** Kept from frame to frame, by memory for columns: some ten rows of a frame, 140 KB. One is kept in any case. */
const savedColumnsMax = 8_192;

/** One body's decoding. Schemas change in place, and the journal knows how they were. */
class BodyDecoder {
  readonly rows: Row[] = [];
  readonly sparse: { schema: DecodedSchema; samples: SparseSamples }[] = [];
  readonly histograms: { schema: DecodedSchema; samples: HistogramSamples }[] = [];
  readonly exemplars: { schema: DecodedSchema; samples: ExemplarSamples }[] = [];
  readonly starts: { schema: Schema; samples: StartTimestamps }[] = [];
  readonly families: MetricFamily[] = [];
  /** Schemas that are new, or, where undefined, forgotten. */
  readonly changed = new Map<number, KnownSchema | undefined>();
  items = 0;
  seriesCount: number;
  readonly #reader: ByteReader;
  readonly #known: ReadonlyMap<number, KnownSchema>;
  readonly #journal: Journal;
  /** The row of each state whose values are the state's own memory. */
  readonly #live = new Map<ColumnState, Row>();
  #cells = 0;

  constructor(
    reader: ByteReader,
    known: ReadonlyMap<number, KnownSchema>,
    journal: Journal,
    seriesCount: number,
  ) {
    this.#reader = reader;
    this.#known = known;
    this.#journal = journal;
    this.seriesCount = seriesCount;
  }

  run(): void {
    const reader = this.#reader;
    while (reader.left > 0) {
      const code = reader.byte();
      const id = reader.varint();
      if (code === operation.series) this.#series(id);
      else if (code === operation.families) this.families.push(...readFamilies(reader));
      else if (code === operation.row) this.#row(this.#find(id), false);
      else if (code === operation.fineRow) this.#row(this.#find(id), true);
      else if (code === operation.sparse) this.#sparse(this.#find(id));
      else if (code === operation.histograms) this.#histograms(this.#find(id));
      else if (code === operation.forget) this.#forget(id);
      else if (code === operation.exemplars) this.#exemplars(this.#find(id));
      else if (code === operation.starts) this.#starts(this.#find(id));
      else throw corrupt(`operation ${code}`);
    }
  }

  #find(id: number): KnownSchema {
    const isChanged = this.changed.size > 0 && this.changed.has(id);
    const found = isChanged ? this.changed.get(id) : this.#known.get(id);
    if (found === undefined) throw corrupt(`schema ${id} is not known`);
    return found;
  }

  #series(id: number): void {
    const from = this.#reader.varint();
    const isNew = !this.changed.has(id) && !this.#known.has(id);
    if (isNew) this.changed.set(id, { schema: { series: [] }, state: new ColumnState() });
    const known = this.#find(id);
    const { schema, state } = known;
    const { series } = schema;
    if (from !== series.length) throw corrupt(`series from ${from}, expected ${series.length}`);
    const added = readLabelTable(this.#reader);
    this.seriesCount += added.length;
    if (this.seriesCount > epochSeriesMax) throw corrupt("too many series in an epoch");
    this.#journal.growth(known);
    for (const labels of added) series.push(labels);
    state.grow(series.length);
  }

  #forget(id: number): void {
    this.seriesCount -= this.#find(id).schema.series.length;
    this.changed.set(id, undefined);
  }

  #row({ schema, state }: KnownSchema, isFine: boolean): void {
    const reader = this.#reader;
    const timestampMs = readTimestamp(reader, state.lastTimestampMs);
    const start = reader.varint();
    const end = start + reader.varint();
    if (end > schema.series.length)
      throw corrupt(`row up to column ${end} of ${schema.series.length}`);
    this.#cells += end;
    if (this.#cells > frameCellsMax) throw corrupt("rows hold too many values");
    const before = this.#live.get(state);
    if (before !== undefined) before.values = before.values.slice();
    this.#journal.columns(state, start, end);
    state.lastTimestampMs = nextBase(timestampMs, state.lastTimestampMs);
    state.read(reader, start, end);
    let items = 0;
    for (let column = start; column < end; column++) if (!isAbsent(state.words, column)) items++;
    this.items += items;
    const row = { schema, timestampMs, values: rowValues(state, start, end), items, isFine };
    this.rows.push(row);
    if (start === 0) this.#live.set(state, row);
    else this.#live.delete(state);
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

  #exemplars({ schema }: KnownSchema): void {
    const samples = readExemplars(this.#reader, schema.series.length);
    this.items += samples.columns.length;
    this.exemplars.push({ schema, samples });
  }

  #starts({ schema }: KnownSchema): void {
    const samples = readStarts(this.#reader, schema.series.length);
    this.starts.push({ schema, samples });
  }
}

/** A whole row is the state's own memory; of a part of one the columns before are absent. */
function rowValues(state: ColumnState, start: number, end: number): Float64Array {
  if (start === 0) return state.view(end);
  const values = new Float64Array(end);
  const words = wordsOf(values);
  for (let column = 0; column < start; column++) setAbsent(words, column);
  // Same type on both sides: memory is copied, so NaN bits stay.
  values.set(state.values.subarray(start, end), start);
  return values;
}
