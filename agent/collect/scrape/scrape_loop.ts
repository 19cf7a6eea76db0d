import { withoutSecretsIn } from "#shared/text/secrets.ts";
import { beginTurn, isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { DropReason, Drops } from "#shared/model/account.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { SeriesLimitReport } from "#shared/cardinality/series_limit.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { BodyReader } from "#shared/text/exposition/body_reader.ts";
import { ExpositionError } from "#shared/text/exposition/exposition_error.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { BodySizeError, type HttpAnswer, httpGet } from "../http/http_client.ts";
import { sampleTimeMs } from "../sample_time.ts";
import type { Job } from "./job.ts";
import { formatOf, scrapeHeaders } from "./scrape_request.ts";
import type { TargetReport } from "../target_report.ts";
import { type Target, nextTick, offsetMs, shownLabels, shownUrl, tickAhead } from "./target.ts";
import type { ScrapeLease, ScrapeMemory } from "../scrape_memory.ts";
import type { ScrapeScratch } from "./scrape_scratch.ts";
import { SampleLimitError } from "./sample_labels.ts";
import { SharedLines } from "./shared_lines.ts";
import { TargetSeries } from "./target_series.ts";

/** What loops are lent. */
export type ScrapeOutput = {
  readonly clock: Clock;
  /** Makes the offsets of this host differ from those of others. */
  readonly seed: string;
  /** For the large bodies of all scrapes of the process. */
  readonly memory: ScrapeMemory;
  emit(batch: MetricsBatch): Promise<void>;
  drop(reason: DropReason, samples: number): void;
  /** A target's limit on series refuses some; told at most every ten minutes for each. */
  seriesLimit(report: SeriesLimitReport): void;
  /** The report of some target is new. */
  changed(): void;
  /** What was collected could not be handed over, or a bug: the loop has ended. */
  failed(thrown: unknown): void;
};

/** A body is parsed for so long in one turn of the event loop at most; nearly all are done by then. */
const sliceMs = 20;
/** With more new series than these, a scrape takes turns. */
const freshMax = 512;
/** Samples over sample_limit that are still counted for the reports of the scrape. */
const samplesAheadMax = 100_000;

type Outcome = {
  readonly error: string;
  readonly samples: number;
  readonly kept: number;
  readonly added: number;
  readonly bodyBytes: number;
};
const nothing = { error: "", samples: 0, kept: 0, added: 0, bodyBytes: 0 } as const;

/** Scrapes one target at its interval until stopped. */
export class ScrapeLoop {
  readonly target: Target;
  /** Set by the pool: every scrape fails for this reason, without a request. */
  forcedError: string | undefined;
  readonly #job: Job;
  readonly #output: ScrapeOutput;
  readonly #series: TargetSeries;
  readonly #scratch: ScrapeScratch;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  #report: TargetReport;
  #tickMs = 0;
  readonly #offsetMs: number;

  /** `carried` are series that this loop goes on with; `scratch` is memory that loops may share, `lines` what targets have in common. */
  constructor(
    target: Target,
    job: Job,
    output: ScrapeOutput,
    carried: readonly Labels[],
    scratch: ScrapeScratch,
    lines = new SharedLines(),
  ) {
    this.target = target;
    this.#scratch = scratch;
    this.#job = job;
    this.#output = output;
    const onLimit = output.seriesLimit.bind(output);
    this.#series = new TargetSeries(target.labels, job, carried, onLimit, lines);
    this.#report = {
      pool: job.job_name,
      url: shownUrl(target.url),
      labels: shownLabels(target.labels),
      discoveredLabels: shownLabels(target.discoveredLabels),
      health: "unknown",
      lastError: "",
      lastScrapeMs: 0,
      lastDurationSeconds: 0,
      intervalMs: target.intervalMs,
      timeoutMs: target.timeoutMs,
      samples: 0,
    };
    this.#offsetMs = offsetMs(target, output.seed);
    this.#done = this.#run().catch((thrown: unknown) => output.failed(thrown));
  }

  get report(): TargetReport {
    const seriesLimit = this.#series.limitReport;
    return seriesLimit === undefined ? this.#report : { ...this.#report, seriesLimit };
  }

  /** Series that would end with this target. */
  carried(): Labels[] {
    return this.#series.carried();
  }

  /** Ends the loop; a scrape that is under way is given up. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  /**
   * After stop(), for a target that is gone: waits until its next two scrapes would have been, and a tenth more, since
   * it may come back under another discovery; then ends its series at the first scrape that it missed.
   */
  async endSeries(signal: AbortSignal): Promise<void> {
    if (this.#report.lastScrapeMs === 0) return;
    const { clock } = this.#output;
    const { intervalMs } = this.target;
    const missedMs = this.#tick(tickAhead);
    await clock.sleep(missedMs - clock.now() + 1.1 * intervalMs, signal);
    if (signal.aborted) return;
    this.#series.fail();
    try {
      await this.#emitAll(this.#series.take(missedMs, [], true));
    } catch (thrown) {
      this.#output.failed(thrown);
    }
  }

  async #run(): Promise<void> {
    const { clock } = this.#output;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const tickMs = this.#tick(nextTick);
      // A clock that was set back would make for a long sleep: one interval is the most.
      await clock.sleep(Math.min(tickMs - clock.now(), this.target.intervalMs), signal);
      if (signal.aborted) return;
      this.#tickMs = tickMs;
      await this.#scrape(sampleTimeMs(clock.now(), tickMs, this.target.intervalMs));
    }
  }

  #tick(after: typeof nextTick): number {
    return after(this.#output.clock.now(), this.#tickMs, this.target.intervalMs, this.#offsetMs);
  }

  async #scrape(scrapeMs: number): Promise<void> {
    const { clock } = this.#output;
    const started = clock.monotonic();
    const memory: { lease?: ScrapeLease } = {};
    try {
      const answer = await this.#fetch(memory);
      if (this.#abort.signal.aborted) return;
      const seconds = (clock.monotonic() - started) / 1_000;
      const outcome = await this.#append(answer, scrapeMs, memory.lease);
      if (!this.#abort.signal.aborted) await this.#emit(outcome, scrapeMs, seconds);
    } finally {
      memory.lease?.release();
    }
  }

  async #emit(outcome: Outcome, scrapeMs: number, seconds: number): Promise<void> {
    const isUp = outcome.error === "";
    const { sample_limit: sampleLimit } = this.#job;
    const reports = [
      isUp ? 1 : 0,
      seconds,
      outcome.samples,
      outcome.kept,
      outcome.added,
      this.target.timeoutMs / 1_000,
      sampleLimit,
      outcome.bodyBytes,
    ];
    this.#report = {
      ...this.#report,
      health: isUp ? "up" : "down",
      lastError: withoutSecretsIn(outcome.error),
      lastScrapeMs: scrapeMs,
      lastDurationSeconds: seconds,
      samples: outcome.samples,
    };
    this.#output.changed();
    await this.#emitAll(this.#series.take(scrapeMs, reports));
  }

  async #emitAll(first: MetricsBatch): Promise<void> {
    let batch: MetricsBatch | undefined = first;
    while (batch !== undefined) {
      await this.#output.emit(batch);
      batch = this.#series.takeRest();
      if (batch !== undefined && isTurnOver()) await nextTurn();
    }
  }

  async #fetch(memory: { lease?: ScrapeLease }): Promise<HttpAnswer | OperatingError> {
    if (this.forcedError !== undefined) return new OperatingError("overloaded", this.forcedError);
    const { target } = this;
    try {
      return await httpGet({
        url: target.url,
        headers: scrapeHeaders(this.#job, target.timeoutMs),
        client: this.#job,
        timeoutMs: target.timeoutMs,
        bodyBytesMax: this.#job.body_size_limit,
        signal: this.#abort.signal,
        admitLarge: async (signal) => {
          memory.lease = await this.#output.memory.lease(this.#job.body_size_limit, signal);
        },
        ...(target.unixSocket === undefined ? {} : { unixSocket: target.unixSocket }),
      });
    } catch (thrown) {
      return operating(thrown);
    }
  }

  /** Makes the scrape's row of an answer. A failure makes a row, too: of stale markers and reports. */
  async #append(
    answer: HttpAnswer | OperatingError,
    scrapeMs: number,
    lease: ScrapeLease | undefined,
  ): Promise<Outcome> {
    const series = this.#series;
    if (answer instanceof OperatingError) {
      series.fail();
      const bodyBytes = answer instanceof BodySizeError ? -1 : 0;
      return { ...nothing, bodyBytes, error: answer.message };
    }
    const bodyBytes = answer.body.length;
    lease?.resize(bodyBytes);
    let { samples } = this.#scratch;
    samples.clear();
    try {
      const format = formatOf(answer.contentType, this.#job.fallback_scrape_protocol);
      const wanted = {
        native: this.#job.scrape_native_histograms,
        classic: this.#job.always_scrape_classic_histograms,
      };
      beginTurn();
      const rest = series.parse(answer.body, format, samples, wanted, this.#slice());
      if (rest !== undefined || series.fresh > freshMax) {
        samples = this.#scratch.lend();
        await this.#readRest(rest, samples, { scrapeMs, bodyBytes, lease });
        if (this.#abort.signal.aborted) return nothing;
      }
      const { drops, ...appended } = series.append(samples, scrapeMs);
      this.#drop(drops);
      return { ...appended, bodyBytes, error: "" };
    } catch (thrown) {
      const error = operating(thrown);
      const kept = error instanceof SampleLimitError ? error.kept : series.countParsed(samples);
      // All that was read of the body is lost with it.
      this.#drop({ [lossReason(error)]: samples.length });
      series.fail();
      return { samples: samples.length, kept, added: 0, bodyBytes, error: error.message };
    }
  }

  /** What takes longer than a slice, in turns with everything else and within the memory for large bodies. */
  async #readRest(
    rest: BodyReader | undefined,
    samples: SampleColumns,
    body: { scrapeMs: number; bodyBytes: number; lease: ScrapeLease | undefined },
  ): Promise<void> {
    const { sample_limit: sampleLimit } = this.#job;
    for (let isRead = rest === undefined; ;) {
      const held = this.#series.admit(samples, body.scrapeMs, this.#slice());
      if (body.lease?.resize(body.bodyBytes + held) === false)
        throw new OperatingError(
          "overloaded",
          `no room for the series of a large body: ${samples.length} samples hold ${held} bytes of agent.scrape_memory_max`,
        );
      // Not as exact as at the end, where what rules drop does not count.
      if (sampleLimit > 0 && samples.length > samplesAheadMax + sampleLimit) {
        const kept = this.#series.countParsed(samples);
        if (kept > sampleLimit) throw new SampleLimitError(sampleLimit, kept);
      }
      const hasFresh = this.#series.fresh > 0;
      if (isRead && !hasFresh) return;
      await nextTurn();
      if (this.#abort.signal.aborted) return;
      if (!hasFresh && rest !== undefined) isRead = rest.read(this.#slice());
    }
  }

  #slice(): () => boolean {
    const { clock } = this.#output;
    const untilMs = clock.monotonic() + sliceMs;
    return () => clock.monotonic() >= untilMs || isTurnOver();
  }

  #drop(drops: Drops): void {
    const reasons: readonly DropReason[] = [
      "relabel",
      "series_limit",
      "duplicate_sample",
      "duplicate_timestamp",
      "out_of_bounds_timestamp",
      "too_old_sample",
      "unsupported_histogram",
      "sample_limit",
      "label_limit",
      "invalid_sample",
      "invalid_exemplar",
      "exemplar_label_limit",
      "exemplar_limit",
      "out_of_order_exemplar",
    ];
    for (const reason of reasons) {
      const samples = drops[reason] ?? 0;
      if (samples > 0) this.#output.drop(reason, samples);
    }
  }
}

function operating(thrown: unknown): OperatingError {
  if (thrown instanceof OperatingError) return thrown;
  throw thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

function lossReason(error: OperatingError): DropReason {
  if (error instanceof SampleLimitError) return "sample_limit";
  return error instanceof ExpositionError || error.code === "bad_request"
    ? "invalid_sample"
    : "label_limit";
}
