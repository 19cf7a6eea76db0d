import type { DecodedSchema } from "#proto/codec/metrics.ts";
import { hashOf } from "#shared/cardinality/series_hash.ts";
import { labelsKey } from "#shared/model/labels.ts";

/** labelsKey of every series of the schemas that are alive: made once, although every generation asks for them. */
export class SchemaKeys {
  readonly #keys = new WeakMap<DecodedSchema, string[]>();
  readonly #hashes = new WeakMap<DecodedSchema, number[]>();

  of(schema: DecodedSchema): readonly string[] {
    let keys = this.#keys.get(schema);
    if (keys === undefined) this.#keys.set(schema, (keys = []));
    for (let i = keys.length; i < schema.series.length; i++)
      keys.push(labelsKey(schema.series[i] ?? {}));
    return keys;
  }

  /** hashOf each key. */
  hashesOf(schema: DecodedSchema): readonly number[] {
    const keys = this.of(schema);
    let hashes = this.#hashes.get(schema);
    if (hashes === undefined) this.#hashes.set(schema, (hashes = []));
    for (let i = hashes.length; i < keys.length; i++) hashes.push(hashOf(keys[i] ?? ""));
    return hashes;
  }
}
