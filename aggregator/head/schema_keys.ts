import type { DecodedSchema } from "#proto/codec/metrics.ts";
import { labelsKey } from "#shared/model/labels.ts";

/** labelsKey of every series of the schemas that are alive: made once, although every generation asks for them. */
export class SchemaKeys {
  readonly #keys = new WeakMap<DecodedSchema, string[]>();

  of(schema: DecodedSchema): readonly string[] {
    let keys = this.#keys.get(schema);
    if (keys === undefined) this.#keys.set(schema, (keys = []));
    for (let i = keys.length; i < schema.series.length; i++)
      keys.push(labelsKey(schema.series[i] ?? {}));
    return keys;
  }
}
