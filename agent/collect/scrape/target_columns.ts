import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { SeriesSchema } from "#shared/model/metrics.ts";
import type { Family } from "#shared/text/exposition/series_index.ts";
import type { SharedLines } from "./shared_lines.ts";

/** A target's series, each with the number of its column. */
export class TargetColumns {
  readonly schema: { readonly series: Labels[]; readonly families: SeriesSchema["families"] } = {
    series: [],
    families: [],
  };
  readonly #shared: SharedLines;
  /** Larger than the labels themselves, and needed for new lines only: made when it is. */
  #byKey: Map<string, number> | undefined;

  constructor(shared: SharedLines) {
    this.#shared = shared;
  }

  /** The column of a series that has one. */
  find(key: string): number | undefined {
    return this.#keys().get(key);
  }

  /** The column of a series that has none. */
  add(labels: Labels, key: string): number {
    const shared: Record<string, string> = {};
    for (const name in labels) shared[name] = this.#shared.text(labels[name] ?? "");
    const column = this.schema.series.push(shared) - 1;
    this.#keys().set(key, column);
    return column;
  }

  addFamily(family: Family): void {
    this.schema.families.push(this.#shared.family(family));
  }

  /** Nothing new is expected soon. */
  rest(): void {
    this.#byKey = undefined;
  }

  #keys(): Map<string, number> {
    return (this.#byKey ??= new Map(this.schema.series.map((labels, i) => [labelsKey(labels), i])));
  }
}
