import { nextTurn } from "#shared/async/turns.ts";
import type { LogEntry } from "../logql/evaluate.ts";
import { type FieldSource, fieldsOfEntry } from "./entry_fields.ts";
import { type FieldType, fieldTypeOf } from "./field_type.ts";

export type Facet = {
  readonly field: string;
  readonly source: FieldSource;
  /** Of the most frequent value. */
  readonly type: FieldType;
  /** Entries that have the field. */
  readonly count: number;
  /** Different values, at most distinctMax. */
  readonly distinct: number;
  readonly values: readonly { readonly value: string; readonly count: number }[];
};

/** Values of one field that are told apart; those that come later are counted for the field alone. */
const distinctMax = 10_000;
const fieldsMax = 1_000;
/** Entries between two pauses: a few milliseconds. */
const pauseEvery = 500;

type Found = { readonly source: FieldSource; count: number; readonly values: Map<string, number> };

/** The most frequent values of each field, the fields that most entries have first. `only` names the fields that are wanted. */
export async function facetsOf(
  entries: readonly LogEntry[],
  valuesMax: number,
  only: ReadonlySet<string> | undefined,
): Promise<Facet[]> {
  const found = new Map<string, Found>();
  for (const [i, entry] of entries.entries()) {
    if (i % pauseEvery === pauseEvery - 1) await nextTurn();
    for (const { name, value, source } of fieldsOfEntry(entry)) {
      if (only !== undefined && !only.has(name)) continue;
      let facet = found.get(name);
      if (facet === undefined) {
        if (found.size >= fieldsMax) continue;
        found.set(name, (facet = { source, count: 0, values: new Map() }));
      }
      facet.count++;
      const known = facet.values.get(value);
      if (known !== undefined || facet.values.size < distinctMax)
        facet.values.set(value, (known ?? 0) + 1);
    }
  }
  return Array.from(found, ([field, { source, count, values }]) => {
    const top = Array.from(values, ([value, times]) => ({ value, count: times }))
      .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, valuesMax);
    const type = fieldTypeOf(top[0]?.value ?? "");
    return { field, source, type, count, distinct: values.size, values: top };
  }).toSorted((a, b) => b.count - a.count || (a.field < b.field ? -1 : 1));
}
