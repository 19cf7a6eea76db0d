import {
  SeriesLimit,
  type SeriesLimitReport,
  reachedFields,
} from "#shared/cardinality/series_limit.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";

type TenantLimitsParts = {
  /** The limit on active series of a tenant; 0 is none. */
  readonly limitOf: (tenant: string) => number;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
};

/** The limits on active series by tenant, over all agents and all generations of the head. */
export class TenantLimits {
  readonly #parts: TenantLimitsParts;
  #known: (tenant: string) => Iterable<Labels> = () => [];
  readonly #limits = new Map<string, SeriesLimit>();

  constructor(parts: TenantLimitsParts) {
    this.#parts = parts;
  }

  /** Unix milliseconds of our clock: series that agents with wrong clocks bring are active now all the same. */
  now(): number {
    return this.#parts.clock.now();
  }

  /** Where the head has the series of a tenant. */
  setKnown(known: (tenant: string) => Iterable<Labels>): void {
    this.#known = known;
  }

  /** undefined where there is no limit. */
  of(tenant: string): SeriesLimit | undefined {
    const { limitOf, log } = this.#parts;
    const there = this.#limits.get(tenant);
    const limit = limitOf(tenant);
    if (there !== undefined || limit === 0) return there;
    const onReached = (report: SeriesLimitReport): void =>
      log.warn("series limit reached", reachedFields(report));
    const known = () => this.#known(tenant);
    const made = new SeriesLimit({ scope: "tenant", name: tenant, limit, known, onReached });
    this.#limits.set(tenant, made);
    return made;
  }

  /** Of tenants that sent something. */
  reports(): SeriesLimitReport[] {
    return [...this.#limits.values()].map((limit) => limit.report(this.now()));
  }
}
