import type { MetricFamily } from "#shared/model/metrics.ts";
import type { Cut } from "../read/store.ts";

/** Types and help texts of metrics as they are committed, by tenant. */
export class KnownFamilies {
  readonly #byTenant = new Map<string, Map<string, MetricFamily>>();

  get isEmpty(): boolean {
    return this.#byTenant.size === 0;
  }

  of(tenant: string): MetricFamily[] {
    return [...(this.#byTenant.get(tenant)?.values() ?? [])];
  }

  all(): Map<string, MetricFamily[]> {
    return new Map([...this.#byTenant.keys()].map((tenant) => [tenant, this.of(tenant)]));
  }

  /** Those that a commit would change. */
  changedBy(cut: Cut): Map<string, MetricFamily[]> {
    const changed = new Map<string, MetricFamily[]>();
    for (const [tenant, families] of cut.families) {
      const known = this.#byTenant.get(tenant);
      const news = families.filter((family) => !isSame(known?.get(family.name), family));
      if (news.length > 0) changed.set(tenant, news);
    }
    return changed;
  }

  remember(tenant: string, families: readonly MetricFamily[]): void {
    let known = this.#byTenant.get(tenant);
    if (known === undefined) this.#byTenant.set(tenant, (known = new Map()));
    for (const family of families) known.set(family.name, family);
  }
}

function isSame(a: MetricFamily | undefined, b: MetricFamily): boolean {
  return a !== undefined && a.type === b.type && a.help === b.help && a.unit === b.unit;
}
