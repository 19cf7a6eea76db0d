import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Signal } from "#shared/signals.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { AggregationRule } from "./aggregation/config.ts";
import { type CardinalityConfig, LabelGuard } from "./aggregation/label_guard.ts";
import { type Aggregated, StreamAggregator } from "./aggregation/stream_aggregator.ts";
import type { SeriesLimiter } from "./series_limiter.ts";
import type { Spool } from "../spool/spool.ts";
import type { Patience } from "../spool/when_full.ts";
import type { CollectorOutput, LogsOutput } from "./collector_output.ts";
import { LineMiner } from "./mining/line_miner.ts";
import { type ProcessorMeters, ProcessorChain, createProcessorMeters } from "./processors/chain.ts";
import { type ProcessorList, noProcessors } from "./processors/config.ts";
import { LogMetrics } from "./processors/log_metrics.ts";
import { externalLabels } from "./transforms/external_labels.ts";

/** Between two tries of a batch that the spool refuses. */
const retryMs = 250;

export type PipelineParts = {
  readonly spool: Spool;
  readonly limiter: SeriesLimiter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
};

/** From sources to the spool: every batch passes the processors and transforms in order. */
export class Pipeline implements CollectorOutput {
  readonly #spool: Spool;
  readonly #miner = new LineMiner();
  readonly #limiter: SeriesLimiter;
  readonly #clock: Clock;
  readonly #meters: ProcessorMeters;
  /** Series that processors make of log records. */
  readonly logMetrics = new LogMetrics();
  /** What is made of series before they are stored. */
  readonly aggregator: StreamAggregator;
  readonly guard: LabelGuard;
  /** Sees each batch of metrics as it is about to be stored, and changes nothing of it. */
  tap: ((batch: MetricsBatch) => void) | undefined;
  #labels: ReturnType<typeof externalLabels>;
  #processors: ProcessorList = noProcessors;
  #chain: ProcessorChain;

  constructor({ spool, limiter, clock, log, metrics }: PipelineParts, labels: Labels) {
    this.#spool = spool;
    this.#limiter = limiter;
    this.#clock = clock;
    this.#meters = createProcessorMeters(metrics);
    this.aggregator = new StreamAggregator(metrics);
    this.guard = new LabelGuard({ clock, log, metrics });
    this.#labels = externalLabels(labels);
    this.#chain = this.#chainOf(noProcessors);
  }

  /** All that has results of its own to write. */
  get aggregators(): StreamAggregator[] {
    return [this.aggregator, this.guard.aggregator];
  }

  /** New labels for what comes from now on. */
  setLabels(labels: Labels): void {
    this.#labels = externalLabels(labels);
  }

  setAggregation(rules: readonly AggregationRule[], cardinality: CardinalityConfig): void {
    this.aggregator.setRules(rules, this.#clock.now());
    this.guard.configure(cardinality);
  }

  /** Writes what is aggregated so far, when nothing more comes. */
  async endAggregation(): Promise<void> {
    for (const one of this.aggregators) {
      const batch = one.collect(this.#clock.now(), true);
      if (batch !== undefined) await this.metrics(batch);
    }
  }

  /** What all log records go through after their sources' own processors. An unchanged list keeps what it holds. */
  setProcessors(processors: ProcessorList): void {
    if (processors.text === this.#processors.text) return;
    this.#chain = this.#chainOf(processors);
    this.#processors = processors;
  }

  /** A way in through processors of a source's own. */
  through(processors: ProcessorList): LogsOutput {
    const chain = this.#chainOf(processors);
    return {
      logs: async (batch, checkpoints, whenFull) => {
        this.#assertTaking(whenFull);
        return this.#logs(chain.apply(batch, this.#dropLogs), batch, checkpoints, whenFull);
      },
    };
  }

  #chainOf({ bound }: ProcessorList): ProcessorChain {
    return new ProcessorChain(
      bound,
      { clock: this.#clock, metrics: this.logMetrics },
      this.#meters,
    );
  }

  /** Samples that are aggregated away, or over the limit of series, count as taken: they need not come again. */
  async metrics(batch: MetricsBatch): Promise<number> {
    const labelled = this.#labels.metrics(batch);
    const isMerged = this.guard.aggregator.isResult(batch);
    const own =
      isMerged || this.aggregator.isResult(batch)
        ? whole(labelled)
        : this.aggregator.apply(labelled);
    const guarded = isMerged ? own : this.guard.apply(own.batch);
    const limited = this.#limiter.apply(guarded.batch);
    this.tap?.(limited.batch);
    const stored = await this.#spool.metrics.write(limited.batch);
    this.drop("metrics", "series_limit", limited.refused);
    const aggregated = own.aggregated + guarded.aggregated;
    const late = own.late + guarded.late;
    this.drop("metrics", "aggregated", aggregated);
    this.drop("metrics", "aggregation_late", late);
    return stored + limited.refused + aggregated + late;
  }

  async logs(
    batch: LogsBatch,
    checkpoints: Readonly<Record<string, string>>,
    whenFull?: Patience,
  ): Promise<number> {
    this.#assertTaking(whenFull);
    return this.#logs(batch, batch, checkpoints, whenFull);
  }

  /** Before processors count what will come again. */
  #assertTaking(whenFull: Patience | undefined): void {
    const refusal = whenFull === "refuse" ? this.#spool.logs.refusal() : undefined;
    if (refusal !== undefined) throw refusal;
  }

  /**
   * Records that processors drop count as taken: they need not come again. They are counted before the rest is written, so that one
   * frame tells of them, and moves the position after them.
   */
  async #logs(
    batch: LogsBatch,
    received: LogsBatch,
    checkpoints: Readonly<Record<string, string>>,
    whenFull: Patience | undefined,
  ): Promise<number> {
    const own = this.#chain.apply(batch, this.#dropLogs);
    const dropped = received.bodyEnds.length - own.bodyEnds.length;
    const isNothing = dropped > 0 && own.bodyEnds.length === 0;
    if (isNothing && Object.keys(checkpoints).length === 0) return dropped;
    const mined = this.#miner.mine(this.#labels.logs(own));
    return (await this.#write(mined, checkpoints, whenFull)) + dropped;
  }

  /** Once through the processors, a batch with some patience is offered to the spool until that is over. */
  async #write(
    mined: LogsBatch,
    checkpoints: Readonly<Record<string, string>>,
    whenFull: Patience | undefined,
  ): Promise<number> {
    const lane = this.#spool.logs;
    if (typeof whenFull !== "object") return lane.write(mined, checkpoints, whenFull);
    for (;;)
      try {
        return await lane.write(mined, checkpoints, "refuse");
      } catch (thrown) {
        const isOver = this.#clock.monotonic() + retryMs > whenFull.refusedAtMs;
        if (isOver || !isRefusal(thrown)) throw thrown;
        await this.#clock.sleep(retryMs);
      }
  }

  /** A batch of a signal that the agent was opened with; its encoder checks it. Gives how many items the spool has taken. */
  added(signal: Signal, batch: unknown): Promise<number> {
    const lane = this.#spool.added(signal);
    assert(lane !== undefined, `signal ${signal} is passed in`);
    return lane.write(batch);
  }

  readonly #dropLogs = (reason: DropReason, items: number): void =>
    this.drop("logs", reason, items);

  drop(signal: Signal, reason: DropReason, items: number): void {
    this.#spool.lane(signal).drop(reason, items);
  }

  syncPromptly(signal: Signal): void {
    this.#spool.lane(signal).syncPromptly();
  }

  /** Only logs have positions to go on from. */
  checkpoints(): ReadonlyMap<string, string> {
    return this.#spool.logs.checkpoints();
  }
}

/** The spool is full, or its disk refuses. */
function isRefusal(thrown: unknown): boolean {
  return (
    thrown instanceof OperatingError &&
    (thrown.code === "unavailable" || thrown.code === "overloaded")
  );
}

function whole(batch: MetricsBatch): Aggregated {
  return { batch, aggregated: 0, late: 0 };
}
