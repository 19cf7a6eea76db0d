import type { DecodedSchema } from "#proto/codec/metrics.ts";
import { hashOf } from "#shared/cardinality/series_hash.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";

/** As many as KnownTexts holds of what is read from blocks. */
const keysMax = 262_144;

/** An equal label set that is held in this process already; `hash` is hashOf() its labelsKey(). */
export type HeldLabels = (labels: Labels, hash: number) => Labels | undefined;

/** What is known of label sets over all generations: hashes, for all; keys, which are long, only for those that queries ask for. */
export class SeriesKeys {
  readonly #hashes = new WeakMap<DecodedSchema, number[]>();
  #keys = new WeakMap<Labels, string>();
  #keyCount = 0;
  readonly #held: HeldLabels;

  constructor(held: HeldLabels = () => undefined) {
    this.#held = held;
  }

  /** An equal label set that is held in any case, or this one. */
  held(labels: Labels, hash: number): Labels {
    return this.#held(labels, hash) ?? labels;
  }

  /** hashOf() the labelsKey() of every series of a schema. */
  hashesOf(schema: DecodedSchema): readonly number[] {
    let hashes = this.#hashes.get(schema);
    if (hashes === undefined) this.#hashes.set(schema, (hashes = []));
    for (let i = hashes.length; i < schema.series.length; i++)
      hashes.push(hashOf(labelsKey(schema.series[i] ?? {})));
    return hashes;
  }

  /** labelsKey() of a series' labels. Forgets all when there are too many. */
  keyOf(labels: Labels): string {
    let key = this.#keys.get(labels);
    if (key !== undefined) return key;
    key = labelsKey(labels);
    if (this.#keyCount++ >= keysMax) {
      this.#keys = new WeakMap();
      this.#keyCount = 1;
    }
    this.#keys.set(labels, key);
    return key;
  }
}
