import { counter, gauge } from "../../collect/samples/family.ts";
import type { NumberAt } from "../connections/json_value.ts";

type Row = (path: string, name: string, help: string, factor?: number) => NumberAt;

/** Rows of a table of numbers that all have these labels: gauges and counters, `name` without the prefix. */
export function numbersOf(labels: readonly string[]): { readonly g: Row; readonly c: Row } {
  const row =
    (make: typeof gauge): Row =>
    (path, name, help, factor) => {
      const family = make(`elasticsearch_${name}`, help, labels);
      return factor === undefined ? [path, family] : [path, family, factor];
    };
  return { g: row(gauge), c: row(counter) };
}
