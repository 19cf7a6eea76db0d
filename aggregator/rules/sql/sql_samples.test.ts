import { expect, test } from "bun:test";
import { BatchBuilder, type Cell, batchOf } from "../../query/sql/worker/columns.ts";
import type { SqlColumn } from "../../query/sql/worker/job.ts";
import { sqlSamples } from "./sql_samples.ts";

const text = (name: string): SqlColumn => ({ name, type: "VARCHAR", kind: "text" });
const value: SqlColumn = { name: "value", type: "DOUBLE", kind: "number" };

function table(
  columns: readonly SqlColumn[],
  rows: readonly (readonly Cell[])[],
  more: object = {},
) {
  const kinds = columns.map(({ kind }) => kind);
  const builder = new BatchBuilder(kinds);
  for (const row of rows) builder.add(row);
  return { columns, batches: [batchOf(builder.build(), kinds)], truncated: false, ...more };
}

test("each row is a sample: the number value, and texts as labels", async () => {
  const rows = [
    ["shop", 3.5, "eu"],
    ["db", 0, null],
    ["none", null, "eu"],
  ];
  expect(await sqlSamples(table([text("app"), value, text("region")], rows))).toEqual([
    { labels: { app: "shop", region: "eu" }, value: 3.5 },
    { labels: { app: "db" }, value: 0 },
  ]);
});

test.each(["BIGINT", "UBIGINT", "HUGEINT", "DECIMAL(18,3)"])(
  "a value may be of type %s, which travels as text",
  async (type) => {
    const wide: SqlColumn = { name: "value", type, kind: "text" };
    expect(await sqlSamples(table([wide], [["12"]]))).toEqual([{ labels: {}, value: 12 }]);
  },
);

test.each([
  [[text("app")], 'expected a column named "value" with a number'],
  [[text("value")], 'the column "value" is VARCHAR: expected a number'],
  [
    [value, { name: "at", type: "TIMESTAMP", kind: "text" }],
    'the column "at" is TIMESTAMP: expected VARCHAR, which becomes a label',
  ],
  [
    [value, { name: "labels", type: "MAP(VARCHAR, VARCHAR)", kind: "json" }],
    'the column "labels" is MAP(VARCHAR, VARCHAR): expected VARCHAR',
  ],
  [[value, text("a-b")], 'the column "a-b" is no name of a label'],
  [[value, text("__name__")], 'the column "__name__" is no name of a label'],
  [[value, text("a"), text("a")], 'the column "a" stands twice'],
] satisfies [SqlColumn[], string][])("columns %j are refused", (columns, message) => {
  expect(sqlSamples(table(columns, []))).rejects.toThrow(message);
});

test("all columns that are no good are named at once, and rows that were cut are a failure", async () => {
  const bad = [text("a-b"), { name: "n", type: "INTEGER", kind: "number" } as const];
  expect(sqlSamples(table(bad, []))).rejects.toThrow(/named "value".*"a-b".*"n" is INTEGER/);
  expect(sqlSamples(table([value], [[1], [2]], { truncated: true }))).rejects.toThrow(
    "more than 2 rows (query.sql.rows_max",
  );
});
