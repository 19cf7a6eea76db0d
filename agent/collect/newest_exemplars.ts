import type { DropReason } from "#shared/model/account.ts";
import { type Exemplar, compareExemplars, exemplarFault } from "#shared/model/exemplars.ts";
import { labelsKey } from "#shared/model/labels.ts";

type Newest = Exemplar & { readonly isTimed: boolean };

/**
 * The newest exemplar of each series, by number, and whether the next one may follow it. Prometheus's rules
 * (tsdb/exemplar.go, validateExemplar): the same again is a duplicate, an older one is out of order. Without a time of their own two are
 * the same by value and labels alone, since each scrape gives them another one.
 */
export class NewestExemplars {
  readonly #newest = new Map<number, Newest>();

  get size(): number {
    return this.#newest.size;
  }

  clear(): void {
    this.#newest.clear();
  }

  /** Takes the exemplar where it is news, and gives undefined; else why it is not stored. `isTimed`: its time is its own. */
  take(series: number, exemplar: Exemplar, isTimed = true): DropReason | undefined {
    const fault = exemplarFault(exemplar);
    if (fault !== undefined) return fault;
    const newest = this.#newest.get(series);
    if (newest !== undefined) {
      if (isSame(newest, exemplar, isTimed)) return "duplicate_exemplar";
      if (compareExemplars(exemplar, newest) < 0) return "out_of_order_exemplar";
    }
    this.#newest.set(series, { ...exemplar, isTimed });
    return undefined;
  }
}

function isSame(newest: Newest, { labels, value, timestampMs }: Exemplar, isTimed: boolean) {
  if ((isTimed || newest.isTimed) && timestampMs !== newest.timestampMs) return false;
  return value === newest.value && labelsKey(labels) === labelsKey(newest.labels);
}
