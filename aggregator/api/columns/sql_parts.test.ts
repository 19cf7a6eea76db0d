import { create } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import { readSql } from "#proto/columns/sql_rows.ts";
import { SqlColumnsSchema } from "#proto/gen/v1/sql_pb.js";
import { OperatingError } from "#shared/errors.ts";
import { BatchBuilder, batchOf, type Cell } from "../../query/sql/worker/columns.ts";
import type { SqlResult } from "../../query/sql.ts";
import { sqlParts } from "./sql_parts.ts";

const kinds = ["number", "boolean", "text", "json"] as const;
const rows: readonly Cell[][] = [
  [Number.NaN, true, "é\n", '{"a":[1]}'],
  [-0.5, false, "", "null"],
  [null, null, null, null],
];

function batch(some: readonly Cell[][]) {
  const builder = new BatchBuilder(kinds);
  for (const row of some) builder.add(row);
  return builder.build();
}

async function read(result: SqlResult) {
  async function* messages() {
    for await (const part of sqlParts(() => Promise.resolve(result)))
      yield create(SqlColumnsSchema, part);
  }
  return readSql(messages());
}

const columns = kinds.map((kind) => ({ name: kind, type: kind.toUpperCase(), kind }));

test("rows of a worker come out at the other end as they are, in as many parts as batches", async () => {
  const batches = [rows.slice(0, 2), [], rows.slice(2)].map((some) => batchOf(batch(some), kinds));
  const result = {
    columns,
    batches,
    truncated: true,
    warnings: ["late"],
    isPartial: true,
  } as const;
  expect(await read(result)).toEqual({
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: [
      [Number.NaN, true, "é\n", { a: [1] }],
      [-0.5, false, "", null],
      [null, null, null, null],
    ],
    truncated: true,
    warnings: ["late"],
    isPartial: true,
  });
  const parts = await Array.fromAsync(sqlParts(() => Promise.resolve(result)));
  expect(parts.length).toBe(3);
});

test("an answer without rows has its columns", async () => {
  const answer = await read({ columns, batches: [], truncated: false, warnings: [] });
  expect(answer).toMatchObject({ rows: [], isPartial: false });
  expect(answer.columns.length).toBe(4);
});

test("a batch that is cut off is refused, and a refusal has its code", async () => {
  const whole = batch(rows);
  for (const length of [0, 3, 4, 10, whole.length - 1])
    expect(() => batchOf(whole.subarray(0, length), kinds)).toThrow(RangeError);
  const refused = sqlParts(() => Promise.reject(new OperatingError("timeout", "too slow")));
  expect(refused.next()).rejects.toThrow("[deadline_exceeded] too slow");
});
