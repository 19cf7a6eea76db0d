import type { DropReason } from "#shared/model/account.ts";
import type { Exemplar } from "#shared/model/exemplars.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsPart } from "#shared/model/metrics.ts";
import { NewestExemplars } from "../../newest_exemplars.ts";
import type { ColumnMemory } from "./pushed_series.ts";

/**
 * What senders tell beside samples: exemplars and start timestamps, by columns of PushedSeries. They travel in a schema of their own, of
 * the series that have any, so that samples travel as if there were none.
 */
export class BesideSamples implements ColumnMemory {
  #schema: { readonly series: Labels[]; readonly families: [] } = { series: [], families: [] };
  readonly #placeOf = new Map<number, number>();
  readonly #newest = new NewestExemplars();
  #exemplars: { readonly place: number; readonly exemplar: Exemplar }[] = [];
  #starts: { readonly place: number; readonly timestampMs: number; readonly startMs: number }[] =
    [];
  #drops = new Map<DropReason, number>();

  get size(): number {
    return this.#placeOf.size;
  }

  clear(): void {
    this.#schema = { series: [], families: [] };
    this.#placeOf.clear();
    this.#newest.clear();
    this.begin();
  }

  /** Opens a request: what came in the one before is sent, or is no more wanted. */
  begin(): void {
    this.#exemplars = [];
    this.#starts = [];
    this.#drops = new Map();
  }

  /** What came is not stored: it is news when it comes again. */
  undo(): void {
    this.#newest.clear();
    this.begin();
  }

  /** Whether the exemplar is stored, now or before; what is not, is counted in drops(). */
  addExemplar(column: number, labels: Labels, exemplar: Exemplar): boolean {
    const place = this.#place(column, labels);
    const reason = this.#newest.take(place, exemplar);
    if (reason === undefined) this.#exemplars.push({ place, exemplar });
    else this.drop(reason);
    return reason === undefined || reason === "duplicate_exemplar";
  }

  drop(reason: DropReason): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
  }

  /** Since when the value of a sample counts, both in Unix milliseconds. */
  addStart(column: number, labels: Labels, timestampMs: number, startMs: number): void {
    if (!Number.isSafeInteger(startMs) || startMs < 0) return;
    this.#starts.push({ place: this.#place(column, labels), timestampMs, startMs });
  }

  #place(column: number, labels: Labels): number {
    let place = this.#placeOf.get(column);
    if (place === undefined) {
      place = this.#schema.series.push(labels) - 1;
      this.#placeOf.set(column, place);
    }
    return place;
  }

  /** Exemplars of the request that are not stored, by reason. */
  drops(): ReadonlyMap<DropReason, number> {
    return this.#drops;
  }

  /** What came, as a part of a batch; undefined where there is nothing. */
  part(): MetricsPart | undefined {
    const [exemplars, starts] = [this.#exemplars, this.#starts];
    if (exemplars.length === 0 && starts.length === 0) return undefined;
    return {
      schema: this.#schema,
      rows: [],
      ...(exemplars.length === 0
        ? {}
        : {
            exemplars: {
              columns: Uint32Array.from(exemplars, ({ place }) => place),
              timestampsMs: Float64Array.from(exemplars, ({ exemplar }) => exemplar.timestampMs),
              values: Float64Array.from(exemplars, ({ exemplar }) => exemplar.value),
              labels: exemplars.map(({ exemplar }) => exemplar.labels),
            },
          }),
      ...(starts.length === 0
        ? {}
        : {
            starts: {
              columns: Uint32Array.from(starts, ({ place }) => place),
              timestampsMs: Float64Array.from(starts, ({ timestampMs }) => timestampMs),
              startsMs: Float64Array.from(starts, ({ startMs }) => startMs),
            },
          }),
    };
  }
}
