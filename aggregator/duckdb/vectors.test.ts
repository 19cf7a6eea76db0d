import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "bun:test";
import { readFloats, readText, readTextLengths } from "./vectors.ts";

test("readFloats() gives a copy: what is done to it does not reach DuckDB", async () => {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    const result = await connection.stream("SELECT range::DOUBLE FROM range(2000)");
    const chunk = await result.fetchChunk();
    if (chunk === null) throw new Error("no rows");
    const first = readFloats(chunk, 0);
    first.fill(-1);
    expect(readFloats(chunk, 0)[1_999]).toBe(1_999);
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
});

test("readText() and readTextLengths() tell short texts and long ones", async () => {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    const texts = ["", "abc", "zwölf", "a".repeat(5_000)];
    const values = texts.map((text) => `('${text}')`).join(", ");
    const result = await connection.stream(`SELECT * FROM (VALUES ${values})`);
    const chunk = await result.fetchChunk();
    if (chunk === null) throw new Error("no rows");
    expect(texts.map((_, row) => readText(chunk, 0, row))).toEqual(texts);
    expect([...readTextLengths(chunk, 0)]).toEqual([0, 3, 6, 5_000]);
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
});
