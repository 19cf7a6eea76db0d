import { expect, test } from "bun:test";
import { SchemaSelection } from "./schema_selection.ts";

test("a selection of columns leaves rows as fine as they were", () => {
  const schema = { series: [{ __name__: "a" }, { __name__: "b" }], families: [] };
  const selection = new SchemaSelection(schema, 1);
  const rows = [
    { timestampMs: 1_000, values: Float64Array.of(1, 2), isFine: true },
    { timestampMs: 2_000, values: Float64Array.of(1, 2) },
  ];
  const { part, refused } = selection.select({ schema, rows });
  expect(refused).toBe(2);
  expect(part.rows).toEqual([
    { timestampMs: 1_000, values: Float64Array.of(1), isFine: true },
    { timestampMs: 2_000, values: Float64Array.of(1) },
  ]);
});
