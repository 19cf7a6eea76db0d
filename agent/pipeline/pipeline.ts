import type { DropReason } from "#shared/model/account.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Signal } from "#shared/model/position.ts";
import type { CollectorOutput } from "../collect/collector.ts";
import type { SeriesLimiter } from "./series_limiter.ts";
import type { Spool } from "../spool/spool.ts";
import { LineMiner } from "./mining/line_miner.ts";
import { externalLabels } from "./transforms/external_labels.ts";

/** From sources to the spool: every batch passes the transforms in order. */
export class Pipeline implements CollectorOutput {
  readonly #spool: Spool;
  readonly #miner = new LineMiner();
  readonly #limiter: SeriesLimiter;
  #labels: ReturnType<typeof externalLabels>;

  constructor(spool: Spool, labels: Labels, limiter: SeriesLimiter) {
    this.#spool = spool;
    this.#limiter = limiter;
    this.#labels = externalLabels(labels);
  }

  /** New labels for what comes from now on. */
  setLabels(labels: Labels): void {
    this.#labels = externalLabels(labels);
  }

  /** Samples over the limit of series count as taken: they need not come again. */
  async metrics(batch: MetricsBatch): Promise<number> {
    const limited = this.#limiter.apply(this.#labels.metrics(batch));
    const stored = await this.#spool.metrics.write(limited.batch);
    this.drop("metrics", "series_limit", limited.refused);
    return stored + limited.refused;
  }

  logs(batch: LogsBatch, checkpoints: Readonly<Record<string, string>>): Promise<number> {
    return this.#spool.logs.write(this.#miner.mine(this.#labels.logs(batch)), checkpoints);
  }

  drop(signal: Signal, reason: DropReason, items: number): void {
    const lane = signal === "metrics" ? this.#spool.metrics : this.#spool.logs;
    lane.drop(reason, items);
  }

  /** Only logs have positions to go on from. */
  checkpoints(): ReadonlyMap<string, string> {
    return this.#spool.logs.checkpoints();
  }
}
