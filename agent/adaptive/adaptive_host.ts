import type { ResolutionAnswer, ResolutionOrder } from "#proto/bus/resolution.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { RunnableSource } from "../collect/collector.ts";
import type { ScrapeConfig } from "../collect/scrape/config.ts";
import type { BoundInstance } from "../integrations/config.ts";
import type { AdaptiveResolution } from "./adaptive_resolution.ts";
import type { AdaptiveConfig } from "./config.ts";

type HostParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** What the agent adds to series that lack it. */
  readonly labels: () => Labels;
  /** The pipeline. */
  readonly store: (batch: MetricsBatch) => Promise<unknown>;
};

type Jobs = ScrapeConfig[];
/** The key of the agent's configuration that says whether, and how. */
type HostConfig = { readonly adaptive_resolution?: AdaptiveConfig | undefined };

/** Adaptive resolution where it is configured; its code is loaded by the first configuration that has it. */
export class AdaptiveHost {
  readonly #parts: HostParts;
  #loaded: AdaptiveResolution | undefined;
  #isOn = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  /** To be called before sources are started by this configuration. */
  async configure({ adaptive_resolution: config }: HostConfig): Promise<void> {
    this.#isOn = config !== undefined;
    if (config === undefined) return this.finish();
    if (this.#loaded !== undefined) return this.#store(this.#loaded.configure(config));
    const { AdaptiveResolution: Loaded } = await import("./adaptive_resolution.ts");
    this.#loaded = new Loaded(config, this.#parts);
  }

  /** Jobs with the intervals at which they are to be scraped. */
  jobs(given: Jobs, type = "prometheus_scrape"): Jobs {
    return this.#isOn ? (this.#loaded?.jobs(given, { type }) ?? given) : given;
  }

  /** Instances likewise, of those that are scraped; others are asked when their source is told to. */
  instances(given: readonly BoundInstance[]): readonly BoundInstance[] {
    return given.map((each) => {
      const { scrape, integration } = each;
      return scrape === undefined ? each : { ...each, scrape: this.jobs(scrape, integration.name) };
    });
  }

  /** The sources that are to run instead of these. */
  sources(given: readonly RunnableSource[]): readonly RunnableSource[] {
    return this.#isOn ? (this.#loaded?.over(given) ?? given) : given;
  }

  /** Ships samples finely. Throws OperatingError, "unavailable" where it is off. */
  readonly request = async (order: ResolutionOrder): Promise<ResolutionAnswer> => {
    if (this.#loaded === undefined || !this.#isOn)
      throw new OperatingError("unavailable", "this agent has no adaptive_resolution configured");
    return this.#loaded.request(order);
  };

  /** A local rule began to fire, with these labels on its alert. */
  fired(labels: Labels): void {
    if (this.#isOn) this.#loaded?.fired(labels);
  }

  /** Stores what is not shipped of open windows: when sources have stopped, or are no longer read finely. */
  async finish(): Promise<void> {
    await this.#store(this.#loaded?.finish());
  }

  async #store(batch: MetricsBatch | undefined): Promise<void> {
    if (batch !== undefined) await this.#parts.store(batch);
  }
}
