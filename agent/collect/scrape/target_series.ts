import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { HistogramSamples, MetricsBatch, SparseSamples } from "#shared/model/metrics.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesLimitReport } from "#shared/cardinality/series_limit.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import type { BodyReader } from "#shared/text/exposition/body_reader.ts";
import type { WantedHistograms } from "#shared/text/exposition/protobuf_parser.ts";
import type { ExposedLabels, SeriesIndex } from "#shared/text/exposition/series_index.ts";
import type { Job } from "./job.ts";
import { type Appended, breaksLimit, droppedByRule, overSeriesLimit } from "./appended.ts";
import { filled, isSameValue } from "./column_arrays.ts";
import { heldBytes } from "./held_bytes.ts";
import { ScrapedExemplars } from "./scraped_exemplars.ts";
import { histogramsOf, type NativePlace } from "./native_samples.ts";
import { OwnTimes } from "./own_times.ts";
import { SampleLimitError, reportLabels, reportNames, sampleLabels } from "./sample_labels.ts";
import type { ExpositionFormat } from "./scrape_request.ts";
import { SharedLines } from "./shared_lines.ts";
import { TargetColumns } from "./target_columns.ts";
import { TargetLimit } from "./target_limit.ts";
import { TargetLines } from "./target_lines.ts";
import { timedSamples } from "./timed_samples.ts";

const columnsMin = 48;
/** Below these, columns and lines that are no longer seen cost too little to tidy. */
const schemaUnusedMin = 16;
const unusedMax = 1_024;
/** A sample of a family of its own brings up to three comments; the rest is room for change. */
const linesPerSample = 6;
const failedMax = 65_536;

/**
 * What one target's series are and were. Maps the lines of a body to columns of a schema that is kept from scrape to
 * scrape, makes rows of them, and remembers which columns had a sample, so that those which end get their stale marker.
 *
 * A scrape is: parse(), then append(), and fail() where that throws or nothing was parsed, then take(). Numbers of scrapes ("marks") tell what was seen
 * when, so that nothing has to be cleared in between.
 */
export class TargetSeries {
  readonly #labels: Labels;
  readonly #job: Job;
  readonly #limit: TargetLimit | undefined;
  readonly #shared: SharedLines;
  readonly #known: TargetLines;
  #columns: TargetColumns;
  #reports = 0;
  /** By entry of the index. */
  #columnOf = new Int32Array(0);
  readonly #breaches = new Map<number, string>();
  /** By column. */
  #rowMark = new Uint32Array(columnsMin);
  #seenMark = new Uint32Array(columnsMin);
  #tracked = new Uint8Array(columnsMin);
  readonly #ownTimes: OwnTimes;
  /** Columns that the body under way brought. */
  #newColumns = 0;
  #mark = 0;
  #goodMark = 0;
  /** Lines of the last good body that were samples. */
  #lines = 0;
  #row = new Float64Array(0);
  #words: Uint32Array = new Uint32Array(0);
  #sparse: SparseSamples | undefined;
  #histograms: HistogramSamples | undefined;
  readonly #scraped = new ScrapedExemplars();
  #beside: Pick<MetricsBatch, "exemplars" | "starts"> = {};

  /** `carried` are series of the target before it changed, which get a stale marker unless they go on; `shared` is what it may have in common with others. */
  constructor(
    labels: Labels,
    job: Job,
    carried: readonly Labels[] = [],
    onLimit: (report: SeriesLimitReport) => void = () => {},
    shared = new SharedLines(),
  ) {
    this.#shared = shared;
    this.#known = new TargetLines(shared);
    this.#columns = new TargetColumns(shared);
    this.#labels = labels;
    this.#job = job;
    this.#ownTimes = new OwnTimes(job.outOfOrderMs);
    if (job.series_limit > 0) {
      const name = `${job.job_name} ${labels["instance"] ?? ""}`;
      this.#limit = new TargetLimit(name, job.series_limit, () => this.#schema.series, onLimit);
    }
    this.#startSchema();
    for (const series of carried) this.#tracked[this.#columnFor(series)] = 1;
  }

  get #schema() {
    return this.#columns.schema;
  }

  get limitReport(): SeriesLimitReport | undefined {
    return this.#limit?.report();
  }

  /** Series that would get a stale marker if they were missing from the next scrape; not the reports. */
  carried(): Labels[] {
    return this.#schema.series.filter((_, i) => i >= this.#reports && this.#tracked[i] === 1);
  }

  /**
   * Reads a body for append(), until `isDue`; then the reader of the rest comes back, and admit() is called after each step of it. Throws as
   * readers do, and then `out` is only good for countParsed().
   */
  parse(
    body: Uint8Array,
    format: ExpositionFormat,
    out: SampleColumns,
    wanted: WantedHistograms = { native: false, classic: false },
    isDue?: () => boolean,
  ): BodyReader | undefined {
    const { isRenumbered, rest } = this.#known.parse(body, format, out, wanted, isDue);
    if (isRenumbered) this.#breaches.clear();
    return rest;
  }

  /** After a step of a body: limits act before all of it is in memory. Returns what is held for it, in bytes. Throws OperatingError when a limit is broken. */
  admit(samples: SampleColumns, scrapeMs: number): number {
    this.#limit?.begin(scrapeMs);
    const [columns, breaches] = [this.#schema.series.length, this.#breaches.size];
    this.#resolveFresh();
    const message = [...this.#breaches.values()][breaches];
    if (message !== undefined) throw new OperatingError("overloaded", message);
    this.#newColumns += this.#schema.series.length - columns;
    return heldBytes(this.index, this.#newColumns, samples);
  }

  get index(): SeriesIndex {
    return this.#known.index;
  }

  /**
   * Takes what was parsed. Throws OperatingError when a limit is broken; then call fail(). Nothing was taken.
   */
  append(samples: SampleColumns, scrapeMs: number): Appended {
    this.#limit?.begin(scrapeMs);
    this.#resolveNew();
    const kept = this.#countKept(samples);
    const limit = this.#job.sample_limit;
    if (limit > 0 && kept > limit) throw new SampleLimitError(limit, kept);
    this.#startRow();
    const [words, honor] = [this.#words, this.#job.honor_timestamps];
    const [source, sourceWords, mark] = [samples.series, samples.words, this.#mark];
    const [columnOf, rowMark, seenMark] = [this.#columnOf, this.#rowMark, this.#seenMark];
    const [tracked, explicit, goodMark] = [this.#tracked, samples.explicit, this.#goodMark];
    const timed: number[] = [];
    const { histograms } = samples;
    const hasHistograms = histograms.size > 0;
    const native: NativePlace[] = [];
    let [added, refused] = [0, 0];
    const lost = { duplicate: 0, conflict: 0, out_of_bounds: 0, too_old: 0 };
    for (let i = 0; i < samples.length; i++) {
      const column = columnOf[source[i] ?? 0] ?? droppedByRule;
      if (column < 0) {
        if (column === overSeriesLimit) refused++;
        continue;
      }
      const seen = seenMark[column] ?? 0;
      if (seen !== mark) {
        if (seen === 0 || seen < goodMark) added++;
        seenMark[column] = mark;
      }
      if (explicit[i] === 1 && honor) {
        const verdict = this.#takeOwnTime(samples, i, column, scrapeMs);
        if (verdict === "known") continue;
        if (verdict !== "new") lost[verdict]++;
        else if (hasHistograms && histograms.has(i))
          native.push({ i, column, timestampMs: samples.timestampsMs[i] ?? 0 });
        else timed.push(i);
      } else if (rowMark[column] === mark)
        lost[isSameValue(words, column, sourceWords, i) ? "duplicate" : "conflict"]++;
      else {
        rowMark[column] = mark;
        tracked[column] = 1;
        if (hasHistograms && histograms.has(i)) {
          native.push({ i, column, timestampMs: scrapeMs });
          continue;
        }
        // By words: a NaN that passed through a number might come out with other bits.
        words[2 * column] = sourceWords[2 * i] ?? 0;
        words[2 * column + 1] = sourceWords[2 * i + 1] ?? 0;
      }
    }
    this.#goodMark = mark;
    this.#limit?.finish(refused, { schema: this.#schema, seenMark, mark, first: this.#reports });
    this.#lines = samples.length;
    this.#sparse = timedSamples(samples, timed, columnOf);
    this.#histograms = histogramsOf(samples, native);
    const [beside, exemplarDrops] = this.#scraped.take(samples, columnOf, scrapeMs);
    this.#beside = beside;
    const drops = {
      ...exemplarDrops,
      relabel: samples.length - kept,
      series_limit: refused,
      duplicate_sample: lost.duplicate,
      duplicate_timestamp: lost.conflict,
      out_of_bounds_timestamp: lost.out_of_bounds + (exemplarDrops.out_of_bounds_timestamp ?? 0),
      too_old_sample: lost.too_old,
      unsupported_histogram: samples.nativeHistograms,
      invalid_sample: samples.invalidHistograms,
    };
    return { samples: samples.length, kept, added, drops };
  }

  /** The scrape failed: its row holds stale markers and reports alone. */
  fail(): void {
    this.#startRow();
  }

  /** Series that were parsed before a failure and would have been stored. */
  countParsed(samples: SampleColumns): number {
    let kept = 0;
    for (let i = 0; i < samples.length; i++) {
      if ((this.#columnOf[samples.series[i] ?? 0] ?? 0) !== droppedByRule) kept++;
    }
    return kept;
  }

  /**
   * Writes stale markers and reports (values in the order of the report series) and gives the batch away. `isLast` marks
   * the reports stale, too.
   */
  take(timestampMs: number, reports: readonly number[], isLast = false): MetricsBatch {
    const [words, mark] = [this.#words, this.#mark];
    for (let column = this.#reports; column < this.#schema.series.length; column++) {
      if (this.#tracked[column] === 0 || this.#isAlive(column)) continue;
      this.#tracked[column] = 0;
      if (this.#rowMark[column] !== mark) setStale(words, column);
    }
    for (let i = 0; i < this.#reports; i++) {
      if (isLast) setStale(words, i);
      else this.#row[i] = reports[i] ?? 0;
    }
    const schema = this.#schema;
    const rows = [{ timestampMs, values: this.#row }];
    const sparse = this.#sparse;
    const histograms = this.#histograms;
    this.#row = new Float64Array(0);
    this.#sparse = undefined;
    this.#histograms = undefined;
    this.#tidy();
    if (this.#known.isShared) this.#columns.rest();
    const beside = this.#beside;
    this.#beside = {};
    const batch = { schema, rows, ...beside, ...(sparse === undefined ? {} : { sparse }) };
    return histograms === undefined ? batch : { ...batch, histograms };
  }

  /** Whether this scrape had a sample that keeps the column alive. */
  #isAlive(column: number): boolean {
    if (this.#rowMark[column] === this.#mark) return true;
    // Samples with timestamps of their own do so only where that is asked for.
    return this.#seenMark[column] === this.#mark && this.#job.track_timestamps_staleness;
  }

  #takeOwnTime(samples: SampleColumns, i: number, column: number, scrapeMs: number) {
    if (this.#job.track_timestamps_staleness) this.#tracked[column] = 1;
    const isInRow = this.#rowMark[column] === this.#mark;
    const [timestampMs, value] = [samples.timestampsMs[i] ?? 0, samples.values[i] ?? 0];
    return this.#ownTimes.take(column, timestampMs, value, scrapeMs, isInRow);
  }

  /** Gives every series that the index met for the first time its column, or the verdict that it gets none. */
  #resolveNew(): void {
    const { index } = this;
    this.#resolveFresh();
    for (const family of index.changedFamilies) this.#columns.addFamily(family);
    index.changedFamilies.clear();
    this.#known.settle();
    this.#newColumns = 0;
  }

  #resolveFresh(): void {
    const { index } = this;
    const fresh = index.newSeries;
    index.newSeries = [];
    const size = index.size;
    if (size > this.#columnOf.length)
      this.#columnOf = filled(
        new Int32Array(index.body === 1 ? size : Math.max(size, 2 * this.#columnOf.length)),
        this.#columnOf,
      );
    for (const { entry, labels } of fresh) {
      this.#columnOf[entry] = this.#resolve(entry, labels);
    }
  }

  #resolve(entry: number, exposed: ExposedLabels): number {
    try {
      const labels = sampleLabels(exposed, this.#labels, this.#job);
      if (labels === undefined) return droppedByRule;
      const key = labelsKey(labels);
      const known = this.#columns.find(key);
      if (known !== undefined) return known;
      const isAdmitted = this.#limit?.admits(key, labels) ?? true;
      return isAdmitted ? this.#columnFor(labels, key) : overSeriesLimit;
    } catch (thrown) {
      if (!(thrown instanceof OperatingError)) throw thrown;
      this.#breaches.set(entry, thrown.message);
      return breaksLimit;
    }
  }

  #countKept(samples: SampleColumns): number {
    let kept = 0;
    for (let i = 0; i < samples.length; i++) {
      const entry = samples.series[i] ?? 0;
      const column = this.#columnOf[entry] ?? droppedByRule;
      if (column === breaksLimit) {
        throw new OperatingError("overloaded", this.#breaches.get(entry) ?? "label limit exceeded");
      }
      if (column >= 0 || column === overSeriesLimit) kept++;
    }
    return kept;
  }

  #columnFor(labels: Labels, key = labelsKey(labels)): number {
    const known = this.#columns.find(key);
    if (known !== undefined) return known;
    const column = this.#columns.add(labels, key);
    if (column >= this.#rowMark.length) this.#growColumns(column);
    return column;
  }

  #growColumns(column: number): void {
    const length = 2 * column;
    this.#rowMark = filled(new Uint32Array(length), this.#rowMark);
    this.#seenMark = filled(new Uint32Array(length), this.#seenMark);
    this.#tracked = filled(new Uint8Array(length), this.#tracked);
  }

  /** A row of its own memory, all absent, with the reports' columns taken: an exposed `up` can't stand for ours. */
  #startRow(): void {
    this.#mark++;
    this.#row = new Float64Array(this.#schema.series.length);
    this.#words = wordsOf(this.#row);
    for (let column = 0; column < this.#row.length; column++) setAbsent(this.#words, column);
    this.#rowMark.fill(this.#mark, 0, this.#reports);
    this.#seenMark.fill(this.#mark, 0, this.#reports);
  }

  /** Forgets lines and columns when more than half are no longer seen. */
  #tidy(): void {
    const columns = this.#schema.series.length;
    if (this.#goodMark !== this.#mark) {
      // Bodies that always fail, and always on other series, must not fill the memory either.
      const size = Math.max(columns, this.index.size);
      if (size > linesPerSample * this.#lines + failedMax) this.#startOver();
      return;
    }
    let seen = 0;
    for (let i = 0; i < columns; i++) if (this.#seenMark[i] === this.#mark) seen++;
    const isSparse = columns > 2 * seen && columns - seen > schemaUnusedMin;
    const hasOldLines = this.index.size > linesPerSample * this.#lines + unusedMax;
    const hasOldFamilies = this.#schema.families.length > 2 * columns + unusedMax;
    if (isSparse || hasOldLines || hasOldFamilies) this.#startOver();
    else if (this.index.contradicted || this.#limit?.takeRetry() === true) this.#forgetLines();
  }

  #forgetLines(): void {
    this.#known.forget();
    this.#breaches.clear();
  }

  /** A new schema of the columns that were seen last, with what is remembered of them. */
  #startOver(): void {
    const { series, families } = this.#schema;
    const old = {
      seen: this.#seenMark.slice(0, series.length),
      tracked: this.#tracked.slice(0, series.length),
    };
    this.#forgetLines();
    this.#scraped.clear();
    this.#startSchema();
    const latest = new Map(families.map((family) => [family.name, family]));
    this.#schema.families.push(...[...latest.values()].slice(0, series.length));
    const kept = Array.from({ length: this.#reports }, (_, i) => i);
    for (const [i, labels] of series.entries()) {
      if (i < this.#reports || old.seen[i] !== this.#mark) continue;
      const column = this.#columnFor(labels);
      kept.push(i);
      this.#seenMark[column] = this.#mark;
      this.#tracked[column] = old.tracked[i] ?? 0;
    }
    this.#ownTimes.keep(kept);
  }

  #startSchema(): void {
    this.#columns = new TargetColumns(this.#shared);
    for (const marks of [this.#rowMark, this.#seenMark, this.#tracked]) marks.fill(0);
    const names = reportNames(this.#job);
    for (const name of names) this.#columnFor(reportLabels(name, this.#labels, this.#job));
    this.#reports = names.length;
  }
}
