import { expect, test } from "bun:test";
import { join } from "node:path";
import { blockAddress, blockSql } from "./block_sql.ts";

const block = {
  id: "1",
  tenant: "default",
  signal: "metrics",
  key: "tenant=default/a.parquet",
  bucketMs: 0,
  bytes: 1,
  rows: 1,
  items: 1,
  minMs: 0,
  maxMs: 0,
  createdMs: 0,
  exemplars: 0,
};

/** Without regard to line breaks. */
function words(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

test("blockSql() is the SQL of docs/formats/parquet.md, which a test runs", async () => {
  const path = join(import.meta.dir, "../../../docs/formats/parquet.md");
  expect(words(await Bun.file(path).text())).toContain(words(blockSql(block, "block.parquet")));
});

test("blockSql() keeps a quote in a path within its text", () => {
  const sql = blockSql({ ...block, signal: "logs" }, "/o'neil/$&.parquet");
  expect(sql).toContain("read_parquet('/o''neil/$&.parquet')");
});

test("blockAddress() is what DuckDB opens, in a folder and in a bucket", () => {
  expect(blockAddress("file:///var/lib/my%20data/", block.key)).toBe(
    "/var/lib/my data/tenant=default/a.parquet",
  );
  expect(blockAddress("s3://bucket/prefix", block.key)).toBe(
    "s3://bucket/prefix/tenant=default/a.parquet",
  );
});
