// Hot: guarded by `bench scrape`.
import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { HistogramSamples, MetricsBatch, SparseSamples } from "#shared/model/metrics.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesLimitReport } from "#shared/cardinality/series_limit.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import type { BodyReader } from "#shared/text/exposition/body_reader.ts";
import type { WantedHistograms } from "#shared/text/exposition/protobuf_parser.ts";
import type { ExposedLabels, SeriesIndex } from "#shared/text/exposition/series_index.ts";
import type { Job } from "./job.ts";
import {
  type Appended,
  breaksLimit,
  countNotDropped,
  dropsOf,
  droppedByRule,
  overSeriesLimit,
} from "./appended.ts";
import { filled, grownTo, isSameValue } from "./column_arrays.ts";
import { heldBytes } from "./held_bytes.ts";
import { ScrapedExemplars } from "./scraped_exemplars.ts";
import { histogramsOf, type NativePlace } from "./native_samples.ts";
import { OwnTimes } from "./own_times.ts";
import { RowParts } from "./row_parts.ts";
import { SampleLimitError, reportLabels, reportNames, sampleLabels } from "./sample_labels.ts";
import type { ExpositionFormat } from "./scrape_request.ts";
import { SharedLines } from "./shared_lines.ts";
import { labelsHash, TargetColumns } from "./target_columns.ts";
import { TargetLimit } from "./target_limit.ts";
import { TargetLines } from "./target_lines.ts";
import { familiesMaxOf, holdsTooMuch, holdsUnused } from "./unused_series.ts";
import { timedSamples } from "./timed_samples.ts";

const columnsMin = 48;
const resolvedBetweenLooks = 16;

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
  #columnOf: Int32Array = new Int32Array(0);
  readonly #breaches = new Map<number, string>();
  /** By column. */
  #rowMark = new Uint32Array(columnsMin);
  #seenMark = new Uint32Array(columnsMin);
  #tracked = new Uint8Array(columnsMin);
  readonly #ownTimes: OwnTimes;
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
  readonly #parts = new RowParts();

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
      this.#limit = new TargetLimit(name, job.series_limit, () => this.#columns.series(), onLimit);
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
    return this.#columns.series().filter((_, i) => i >= this.#reports && this.#tracked[i] === 1);
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

  /** After a step of a body, until `isDue`: limits act before all of it is in memory. Returns what is held for it, in bytes. Throws OperatingError when a limit is broken. */
  admit(samples: SampleColumns, scrapeMs: number, isDue?: () => boolean): number {
    this.#limit?.begin(scrapeMs);
    const breaches = this.#breaches.size;
    this.#resolveFresh(isDue);
    const message = [...this.#breaches.values()][breaches];
    if (message !== undefined) throw new OperatingError("overloaded", message);
    return heldBytes(this.index, this.#columns.addedBytes, samples);
  }

  /** Series that were parsed and wait for admit() or append(). */
  get fresh(): number {
    return this.index.newSeries.length;
  }

  get index(): SeriesIndex {
    return this.#known.index;
  }

  /** Takes what was parsed. Throws OperatingError when a limit is broken; then call fail(). Nothing was taken. */
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
    const drops = dropsOf(samples, { kept, refused, ...lost }, exemplarDrops);
    return { samples: samples.length, kept, added, drops };
  }

  /** The scrape failed: its row holds stale markers and reports alone. */
  fail(): void {
    this.#startRow();
  }

  /** Series that were parsed before a failure and would have been stored. */
  countParsed(samples: SampleColumns): number {
    return countNotDropped(samples, this.#columnOf);
  }

  /**
   * Writes stale markers and reports (values in the order of the report series) and gives the batch away: the first part of it where many
   * series are new, and then takeRest() has the others. `isLast` marks the reports stale, too.
   */
  take(timestampMs: number, reports: readonly number[], isLast = false): MetricsBatch {
    const [words, mark, columns] = [this.#words, this.#mark, this.#columns.length];
    for (let column = this.#reports; column < columns; column++) {
      if (this.#tracked[column] === 0 || this.#isAlive(column)) continue;
      this.#tracked[column] = 0;
      if (this.#rowMark[column] !== mark) setStale(words, column);
    }
    for (let i = 0; i < this.#reports; i++) {
      if (isLast) setStale(words, i);
      else this.#row[i] = reports[i] ?? 0;
    }
    const sparse = this.#sparse && { sparse: this.#sparse };
    const histograms = this.#histograms && { histograms: this.#histograms };
    const beside = { ...this.#beside, ...sparse, ...histograms };
    this.#parts.put({ timestampMs, values: this.#row, beside });
    this.#row = new Float64Array(0);
    this.#sparse = undefined;
    this.#histograms = undefined;
    this.#beside = {};
    const batch = this.takeRest();
    assert(batch !== undefined, "a row was put");
    return batch;
  }

  /** The next part of what take() gave the first part of, when that has been stored; undefined where there is none. */
  takeRest(): MetricsBatch | undefined {
    if (this.#parts.isGiven) return undefined;
    const batch = this.#parts.next(this.#columns);
    if (!this.#parts.isGiven) return batch;
    this.#tidy();
    if (this.#known.isShared) this.#columns.rest();
    return batch;
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
    const familiesMax = familiesMaxOf(this.#columns.length);
    for (const family of index.changedFamilies)
      if (this.#schema.families.length <= familiesMax) this.#columns.addFamily(family);
    index.changedFamilies.clear();
    this.#known.settle();
  }

  #resolveFresh(isDue?: () => boolean): void {
    const { index } = this;
    const fresh = index.newSeries;
    this.#columnOf = grownTo(this.#columnOf, index.size, index.body === 1);
    let resolved = 0;
    for (const { entry, labels } of fresh) {
      if (resolved % resolvedBetweenLooks === 0 && resolved > 0 && isDue?.() === true) break;
      this.#columnOf[entry] = this.#resolve(entry, labels);
      resolved++;
    }
    index.newSeries = fresh.slice(resolved);
  }

  #resolve(entry: number, exposed: ExposedLabels): number {
    try {
      const labels = sampleLabels(exposed, this.#labels, this.#job);
      if (labels === undefined) return droppedByRule;
      const hash = labelsHash(labels);
      const known = this.#columns.find(labels, hash);
      if (known !== undefined) return known;
      const isAdmitted = this.#limit?.admits(hash, labels) ?? true;
      return isAdmitted ? this.#addColumn(labels, hash) : overSeriesLimit;
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
      if (column === breaksLimit)
        throw new OperatingError("overloaded", this.#breaches.get(entry) ?? "label limit exceeded");
      if (column >= 0 || column === overSeriesLimit) kept++;
    }
    return kept;
  }

  #columnFor(labels: Labels): number {
    const hash = labelsHash(labels);
    return this.#columns.find(labels, hash) ?? this.#addColumn(labels, hash);
  }

  #addColumn(labels: Labels, hash: number): number {
    const column = this.#columns.add(labels, hash);
    this.#limit?.placed(this.#schema, column, hash);
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
    this.#row = new Float64Array(this.#columns.length);
    this.#words = wordsOf(this.#row);
    for (let column = 0; column < this.#row.length; column++) setAbsent(this.#words, column);
    this.#rowMark.fill(this.#mark, 0, this.#reports);
    this.#seenMark.fill(this.#mark, 0, this.#reports);
  }

  /** Forgets lines and columns when more than half are no longer seen. */
  #tidy(): void {
    const columns = this.#columns.length;
    if (this.#goodMark !== this.#mark) {
      // Bodies that always fail, and always on other series, must not fill the memory either.
      if (holdsTooMuch(Math.max(columns, this.index.size), this.#lines)) this.#startOver();
      return;
    }
    let seen = 0;
    for (let i = 0; i < columns; i++) if (this.#seenMark[i] === this.#mark) seen++;
    const families = this.#schema.families.length;
    const hasUnused = holdsUnused(
      { columns, seen, families, entries: this.index.size },
      this.#lines,
    );
    if (hasUnused) this.#startOver();
    else if (this.index.contradicted || this.#limit?.takeRetry() === true) this.#forgetLines();
  }

  #forgetLines(): void {
    this.#known.forget();
    this.#breaches.clear();
  }

  /** A new schema of the columns that were seen last, with what is remembered of them. */
  #startOver(): void {
    const { series, families } = this.#schema;
    const seenMark = this.#seenMark.slice(0, series.length);
    const tracked = this.#tracked.slice(0, series.length);
    this.#forgetLines();
    this.#scraped.clear();
    this.#startSchema();
    const latest = new Map(families.map((family) => [family.name, family]));
    this.#schema.families.push(...[...latest.values()].slice(0, series.length));
    const kept = Array.from({ length: this.#reports }, (_, i) => i);
    for (const [i, labels] of series.entries()) {
      if (i < this.#reports || seenMark[i] !== this.#mark) continue;
      const column = this.#columnFor(labels);
      kept.push(i);
      this.#seenMark[column] = this.#mark;
      this.#tracked[column] = tracked[i] ?? 0;
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
