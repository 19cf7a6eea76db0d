import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch, MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import type { AdaptiveConfig } from "./config.ts";
import type { AdaptiveMeters } from "./meters.ts";
import { SchemaStream, type Thinned } from "./schema_stream.ts";
import { type BandExit, SeriesBands } from "./series_bands.ts";

/** The streams of all schemas that come by, whose rings share one bound, and the series that are watched. */
export class SchemaStreams {
  readonly #config: AdaptiveConfig;
  readonly #meters: AdaptiveMeters;
  readonly #full: (labels: Labels) => Labels;
  readonly #onExit: (exit: BandExit) => void;
  readonly #bands = new SeriesBands();
  readonly #streams = new Map<SeriesSchema, SchemaStream>();
  #ringBytes = 0;

  /** `full` tells the labels that a series is stored with; `onExit` is told of series that left their usual band. */
  constructor(
    config: AdaptiveConfig,
    meters: AdaptiveMeters,
    full: (labels: Labels) => Labels,
    onExit: (exit: BandExit) => void,
  ) {
    this.#config = config;
    this.#meters = meters;
    this.#full = full;
    this.#onExit = onExit;
  }

  all(): Iterable<SchemaStream> {
    return this.#streams.values();
  }

  /** What of a batch is shipped now; undefined where nothing is. The batch given is not to be used any more. */
  take(batch: MetricsBatch): MetricsBatch | undefined {
    const { also = [], ...own } = batch;
    return batchOf([own, ...also].flatMap((part) => this.#takePart(part)));
  }

  #takePart(part: MetricsPart): MetricsPart[] {
    const { schema, rows, sparse, histograms, exemplars, starts } = part;
    // Samples with times of their own are each collected once, and no row stands for them.
    if (rows.length === 0) return [part];
    const stream = this.#streamOf(schema);
    const taken = rows.map((row) => this.#takeRow(stream, row));
    const isDue = taken.some((one) => one.isDue);
    if (isDue) this.#meters.window();
    const shipped: MetricsPart = {
      schema,
      rows: taken.flatMap((one) => one.rows),
      ...(sparse === undefined ? {} : { sparse }),
      ...(exemplars === undefined ? {} : { exemplars }),
      ...(histograms === undefined || !isDue ? {} : { histograms }),
      ...(starts === undefined || !isDue ? {} : { starts }),
    };
    const isNothing = shipped.rows.length === 0 && sparse === undefined && exemplars === undefined;
    return [...(isNothing ? [] : [shipped]), ...taken.flatMap(({ figures }) => figures ?? [])];
  }

  #takeRow(stream: SchemaStream, row: MetricsPart["rows"][number]): Thinned {
    const before = stream.ring.bytes;
    const thinned = stream.take(row, this.#onExit);
    this.#meters.row();
    this.#ringBytes += stream.ring.bytes - before;
    while (this.#ringBytes > this.#config.ring_size_max && this.#evictOldest());
    return thinned;
  }

  #streamOf(schema: SeriesSchema): SchemaStream {
    let stream = this.#streams.get(schema);
    if (stream === undefined) {
      stream = new SchemaStream(schema, this.#config, this.#bands, this.#full);
      this.#streams.set(schema, stream);
      this.#ringBytes += stream.ring.bytes;
    }
    return stream;
  }

  /** Makes room in the ring: the oldest chunk of all streams goes. False where nothing can go. */
  #evictOldest(): boolean {
    let oldest: SchemaStream | undefined;
    for (const stream of this.#streams.values())
      if ((stream.ring.oldestMs ?? Infinity) < (oldest?.ring.oldestMs ?? Infinity)) oldest = stream;
    const rows =
      oldest === undefined ? 0 : this.#evict(oldest, () => oldest?.ring.evict(true) ?? 0);
    if (rows > 0) this.#meters.evicted(rows);
    return rows > 0;
  }

  #evict({ ring }: SchemaStream, evict: () => number): number {
    const before = ring.bytes;
    const rows = evict();
    this.#ringBytes += ring.bytes - before;
    return rows;
  }

  /** Lets go of what is too old; tells what streams that have ended did not tell. */
  tidy(nowMs: number): MetricsBatch | undefined {
    const { ring, ship, collect } = this.#config;
    const parts: MetricsPart[] = [];
    for (const [schema, stream] of this.#streams) {
      this.#evict(stream, () => stream.ring.evictUntil(nowMs - ring));
      const oldestMs = stream.ring.oldestMs ?? nowMs;
      stream.forgetExtents(oldestMs);
      const silentMs = Math.abs(nowMs - stream.lastRowMs);
      if (silentMs <= ship + 2 * collect) continue;
      if (stream.isTold) parts.push(...asList(stream.endFigures()));
      else parts.push(...partsOf(schema, stream.finish()));
      if (silentMs > ring && stream.isTold) {
        this.#ringBytes -= stream.ring.bytes;
        this.#streams.delete(schema);
      }
    }
    this.#bands.forgetUntil(nowMs - Math.max(2 * this.#config.band.memory, ring));
    return batchOf(parts);
  }

  /** What is not shipped of windows that are open, when nothing more comes. The ring is empty then. */
  finish(): MetricsBatch | undefined {
    const parts = [...this.#streams].flatMap(([schema, stream]) =>
      partsOf(schema, stream.finish()),
    );
    this.#streams.clear();
    this.#ringBytes = 0;
    this.#bands.clear();
    return batchOf(parts);
  }

  /** Unix milliseconds of the oldest row in the ring; undefined where there is none. */
  get oldestMs(): number | undefined {
    let oldestMs: number | undefined;
    for (const { ring } of this.#streams.values())
      oldestMs = Math.min(oldestMs ?? Infinity, ring.oldestMs ?? Infinity);
    return oldestMs === Infinity ? undefined : oldestMs;
  }

  size() {
    let ringRows = 0;
    for (const { ring } of this.#streams.values()) ringRows += ring.rows;
    const { size: bands, refused: bandsRefused } = this.#bands;
    return { ringBytes: this.#ringBytes, ringRows, bands, bandsRefused };
  }
}

function partsOf(schema: SeriesSchema, { rows, figures }: Thinned): MetricsPart[] {
  return [...(rows.length === 0 ? [] : [{ schema, rows: [...rows] }]), ...asList(figures)];
}

function asList(part: MetricsPart | undefined): MetricsPart[] {
  return part === undefined ? [] : [part];
}

function batchOf([first, ...also]: readonly MetricsPart[]): MetricsBatch | undefined {
  if (first === undefined) return undefined;
  return also.length === 0 ? first : { ...first, also };
}
