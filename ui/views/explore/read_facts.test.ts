import { create } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import { ReadFiguresSchema } from "#proto/gen/v1/columns_pb.js";
import { readFacts } from "./read_facts.ts";

const selector = (headSamples: number, buckets: readonly number[]) => ({
  headSamples,
  resolutions: buckets.map((bucketMs) => ({ bucketMs, blocks: 1 })),
});
const resolution = (...selectors: ReturnType<typeof selector>[]) =>
  readFacts(create(ReadFiguresSchema, { selectors }))?.resolution;

test("readFacts() says whether samples or a tier's buckets were read", () => {
  expect(resolution(selector(5, []))).toBe("raw samples");
  expect(resolution(selector(0, [0]))).toBe("raw samples");
  expect(resolution(selector(0, [60_000, 300_000]))).toBe("buckets of 1m and 5m");
  expect(resolution(selector(5, [0]), selector(5, [0, 60_000]))).toBe("raw samples, buckets of 1m");
});

test("readFacts() says nothing of a resolution where nothing was read, or nothing is told", () => {
  expect(resolution(selector(0, []))).toBe("");
  expect(readFacts(undefined)).toBeUndefined();
});
