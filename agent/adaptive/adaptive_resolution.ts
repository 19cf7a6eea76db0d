import type { ResolutionAnswer, ResolutionOrder } from "#proto/bus/resolution.ts";
import { OperatingError } from "#shared/errors.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { RunnableSource } from "../collect/collector.ts";
import { type AdaptiveConfig, chosenBy } from "./config.ts";
import { HourlyAllowance } from "./hourly_allowance.ts";
import {
  type AdaptiveMeters,
  type AdaptiveState,
  type Refusal,
  createAdaptiveMeters,
} from "./meters.ts";
import { Order } from "./orders.ts";
import { SchemaStreams } from "./schema_streams.ts";
import type { BandExit } from "./series_bands.ts";

type AdaptiveParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** What the agent adds to series that lack it: selectors are about series as they are stored. */
  readonly labels: () => Labels;
};

/** Orders that are carried out at once; each is looked at for every stream. */
const ordersMax = 16;
/** How often what an open order wants is shipped. */
const pumpMs = 5_000;
/** A person who asks waits at most so long for what the ring holds. Less than the 10 s in which an enrolled agent may answer an order over NATS. */
const answerTimeoutMs = 7_000;
/** Rows of the last moment may still be on their way when a range ends. */
const graceMs = 2_000;

/**
 * Sources are read finely and shipped coarsely: what they emit goes into a ring and into windows, and one row a window goes on. What an order
 * asks for (a series that left its band, a person, an alert, a rule) is shipped out of the ring as fine samples, each once.
 */
export class AdaptiveResolution {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #meters: AdaptiveMeters;
  readonly #full: (labels: Labels) => Labels;
  #config: AdaptiveConfig;
  #text: string;
  #streams: SchemaStreams;
  readonly #warned = new Set<string>();
  #orders: Order[] = [];
  #exitsLeft: HourlyAllowance;
  #requestsLeft: HourlyAllowance;
  #samplesLeft: HourlyAllowance;
  #alarm = new AbortController();

  constructor(config: AdaptiveConfig, { clock, log, metrics, labels }: AdaptiveParts) {
    this.#full = (own) => ({ ...labels(), ...own });
    this.#clock = clock;
    this.#log = log;
    this.#meters = createAdaptiveMeters(metrics, () => this.#state());
    this.#config = config;
    this.#text = JSON.stringify(config);
    [this.#exitsLeft, this.#requestsLeft, this.#samplesLeft] = allowances(config);
    this.#streams = this.#newStreams();
  }

  #newStreams(): SchemaStreams {
    return new SchemaStreams(this.#config, this.#meters, this.#full, (exit) => this.#left(exit));
  }

  /**
   * Another configuration begins with an empty ring and new estimates; the sources that it is about are started anew. Gives what was not shipped
   * of the windows that were open.
   */
  configure(config: AdaptiveConfig): MetricsBatch | undefined {
    const text = JSON.stringify(config);
    if (text === this.#text) return undefined;
    const rest = this.finish();
    this.#config = config;
    this.#text = text;
    [this.#exitsLeft, this.#requestsLeft, this.#samplesLeft] = allowances(config);
    this.#streams = this.#newStreams();
    return rest;
  }

  /** The sources, of which those that are chosen are read and shipped as the configuration says; and one that ships what orders ask for. */
  over(sources: readonly RunnableSource[]): RunnableSource[] {
    this.#warnOfUnknown(sources);
    const wrapped = sources.map((source) => (this.#isChosen(source) ? this.#wrap(source) : source));
    return [...wrapped, this.#shipper()];
  }

  /** Jobs keep time by themselves: those that are chosen, by their name or their source's type, at the finer interval. */
  jobs<Job extends { readonly job_name: string; readonly scrape_timeout?: number | undefined }>(
    jobs: readonly Job[],
    { type }: { readonly type: string },
  ): Job[] {
    const { collect } = this.#config;
    return jobs.map((job) => {
      if (!this.#isChosen({ type, name: `scrape/${job.job_name}` })) return job;
      const timeout = Math.min(job.scrape_timeout ?? collect, collect);
      return { ...job, scrape_interval: collect, scrape_timeout: timeout };
    });
  }

  #isChosen({ type, name }: { readonly type: string; readonly name: string }): boolean {
    const { sources } = this.#config;
    return sources.includes(type) || sources.includes(name);
  }

  /** Once for each: a service may be found later. */
  #warnOfUnknown(sources: readonly RunnableSource[]): void {
    for (const chosen of this.#config.sources) {
      if (this.#warned.has(chosen)) continue;
      if (sources.some(({ type, name }) => type === chosen || name === chosen)) continue;
      this.#warned.add(chosen);
      this.#log.warn("adaptive_resolution names a source that does not run", { source: chosen });
    }
  }

  #wrap(source: RunnableSource): RunnableSource {
    const { collect } = this.#config;
    return {
      ...source,
      fingerprint: JSON.stringify([source.fingerprint, this.#text]),
      run: (context) =>
        source.run({
          ...context,
          every: () => context.every(collect),
          emitMetrics: async (batch) => {
            const thinned = this.take(batch);
            if (thinned !== undefined) await context.emitMetrics(thinned);
          },
        }),
    };
  }

  /** What of a batch is shipped now; undefined where nothing is. The batch given is not to be used any more. */
  take(batch: MetricsBatch): MetricsBatch | undefined {
    return this.#streams.take(batch);
  }

  /** A series left its band: what its target had around that time is shipped. */
  #left({ labels, timestampMs, value, mean, halfWidth }: BandExit): void {
    const about = { series: shownSeries(labels), value, mean, half_width: halfWidth };
    if (this.#around("band", labels, timestampMs))
      this.#log.info("series left its usual band", about);
  }

  /** A local rule began to fire: what the target that it names had around now is shipped; all that the ring has, where it names none. */
  fired(labels: Labels): void {
    if (this.#around("rule", labels, this.#clock.now()))
      this.#log.info("a local rule fires: samples are shipped finely", {
        alert: labels["alertname"],
      });
  }

  /** One order that follows another of the same target makes that one longer. False where a bound is reached. */
  #around(reason: "band" | "rule", { job, instance }: Labels, timestampMs: number): boolean {
    const { before, after, ring } = this.#config;
    const about = `${job ?? ""}\u00ff${instance ?? ""}`;
    const { fromMs, toMs } = this.#wholeWindows(timestampMs - before, timestampMs + after);
    const open = this.#orders.find((one) => one.about === about && one.toMs >= timestampMs);
    if (open !== undefined) {
      open.toMs = Math.max(open.toMs, Math.min(toMs, open.fromMs + ring));
      return true;
    }
    const allowance = reason === "band" ? this.#exitsLeft : this.#requestsLeft;
    const isAllowed = this.#orders.length < ordersMax && allowance.take(1, this.#clock.monotonic());
    if (!isAllowed) {
      const perHour = reason === "band" ? "exits_per_hour" : "requests_per_hour";
      this.#meters.refused(this.#orders.length < ordersMax ? perHour : "orders_max");
      return false;
    }
    const selects = (own: Labels) => {
      const one = this.#full(own);
      const isJob = job === undefined || one["job"] === job;
      return isJob && (instance === undefined || one["instance"] === instance);
    };
    this.#begin(new Order(reason, selects, fromMs, toMs, about));
    return true;
  }

  /** A range made longer to the ends of its windows: fine samples begin and end beside a coarse one. */
  #wholeWindows(fromMs: number, toMs: number): { readonly fromMs: number; readonly toMs: number } {
    const { ship } = this.#config;
    return { fromMs: Math.floor(fromMs / ship) * ship, toMs: Math.ceil(toMs / ship) * ship };
  }

  /**
   * Ships samples finely, as a person, an alert or a rule asks. Resolves when what the ring holds of the range is in the spool; what is still to
   * come follows as it is collected. Throws OperatingError: "bad_request" (a selector that can't be read), "not_found" (nothing of the range is in
   * the ring), "overloaded" (too many orders).
   */
  async request(asked: ResolutionOrder): Promise<ResolutionAnswer> {
    const { ring, requests_per_hour_max: perHour } = this.#config;
    const nowMs = this.#clock.now();
    const { selects } = this.#selectorOf(asked.match);
    const oldestMs = this.#streams.oldestMs ?? nowMs;
    const { fromMs, toMs } = this.#wholeWindows(
      Math.max(asked.fromMs ?? nowMs - asked.beforeMs, oldestMs),
      Math.min(asked.toMs ?? nowMs + asked.afterMs, nowMs + ring),
    );
    if (toMs < oldestMs || fromMs > toMs) {
      const since = new Date(oldestMs).toISOString();
      throw this.#refusal(
        "not_in_ring",
        "not_found",
        `the ring holds nothing of this range, but what came since ${since}`,
      );
    }
    if (this.#orders.length >= ordersMax)
      throw this.#refusal(
        "orders_max",
        "overloaded",
        `${this.#orders.length} orders are being carried out: try again`,
      );
    if (!this.#requestsLeft.take(1, this.#clock.monotonic()))
      throw this.#refusal(
        "requests_per_hour",
        "overloaded",
        `more than ${perHour} orders an hour: try again later`,
      );
    const order = new Order(asked.reason, (own) => selects(this.#full(own)), fromMs, toMs);
    this.#log.info("samples are shipped finely", { reason: asked.reason, match: asked.match });
    this.#begin(order);
    const timeout = new AbortController();
    await Promise.race([order.begun.promise, this.#clock.sleep(answerTimeoutMs, timeout.signal)]);
    timeout.abort();
    return order.answer();
  }

  #selectorOf(match: readonly string[]) {
    try {
      return match.length === 0 ? { selects: () => true } : chosenBy(match);
    } catch (thrown) {
      this.#meters.refused("bad_request");
      throw thrown;
    }
  }

  #refusal(reason: Refusal, code: "not_found" | "overloaded", message: string): OperatingError {
    this.#meters.refused(reason);
    return new OperatingError(code, message);
  }

  #begin(order: Order): void {
    this.#meters.triggered(order.reason);
    this.#orders.push(order);
    this.#alarm.abort();
  }

  #shipper(): RunnableSource {
    return {
      type: "adaptive_resolution",
      name: "adaptive_resolution",
      fingerprint: this.#text,
      run: async (context) => {
        const { signal } = context;
        while (!signal.aborted) {
          this.#alarm = new AbortController();
          await this.#pump((batch) => context.emitMetrics(batch));
          const rest = this.#streams.tidy(this.#clock.now());
          if (rest !== undefined) await context.emitMetrics(rest);
          const { ship } = this.#config;
          const waitMs = this.#orders.length > 0 ? Math.min(pumpMs, ship) : ship;
          if (!this.#alarm.signal.aborted)
            await this.#clock.sleep(waitMs, AbortSignal.any([signal, this.#alarm.signal]));
        }
      },
    };
  }

  /** Ships what orders want of what the ring holds, and ends those whose time is over. */
  async #pump(emit: (batch: MetricsBatch) => Promise<void>): Promise<void> {
    const allows = (samples: number) => this.#samplesLeft.take(samples, this.#clock.monotonic());
    for (const order of this.#orders) {
      for (const stream of this.#streams.all()) {
        for (;;) {
          const next = order.next(stream, allows);
          if (next === undefined) break;
          await emit(next.part);
          this.#meters.shipped(order.reason, next.samples);
        }
      }
      order.begun.resolve();
      if (order.isCut) this.#cut(order);
    }
    const endedMs = this.#clock.now() - graceMs - this.#config.collect;
    const isOver = ({ toMs, isCut }: Order) => isCut || toMs <= endedMs;
    for (const order of this.#orders) if (isOver(order)) order.end();
    this.#orders = this.#orders.filter((order) => !isOver(order));
  }

  #cut(order: Order): void {
    this.#meters.refused("samples_per_hour");
    const { samples_per_hour_max } = this.#config;
    this.#log.warn("no more samples are shipped finely for now", {
      reason: order.reason,
      samples_per_hour_max,
    });
  }

  /** What is not shipped of windows that are open, when nothing more comes. The ring is empty then, and all orders are over. */
  finish(): MetricsBatch | undefined {
    for (const order of this.#orders) order.end();
    this.#orders = [];
    return this.#streams.finish();
  }

  #state(): AdaptiveState {
    const nowMs = this.#clock.now();
    return {
      ...this.#streams.size(),
      ringAge: (nowMs - (this.#streams.oldestMs ?? nowMs)) / 1_000,
      orders: this.#orders.length,
    };
  }
}

function allowances(config: AdaptiveConfig) {
  return [
    new HourlyAllowance(config.band.per_hour_max),
    new HourlyAllowance(config.requests_per_hour_max),
    new HourlyAllowance(config.samples_per_hour_max),
  ] as const;
}

/** As a selector of it. */
function shownSeries({ [metricNameLabel]: name = "", ...labels }: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(",")}}`;
}
