import { expect, test } from "bun:test";
import { bodyLength, type LogsBatch } from "#shared/model/logs.ts";
import { LogBatchBuilder } from "./log_batch_builder.ts";
import { logParts } from "./log_parts.ts";

/** Records of seven streams in turn; each fifth has attributes. */
function batchOf(records: number, bodyOf = (i: number) => `line ${i}`): LogsBatch {
  const builder = new LogBatchBuilder({ lineBytesMax: 1_000, latestMs: 1e15 });
  for (let i = 0; i < records; i++)
    builder.add(builder.stream({ app: `a${i % 7}` }), {
      unixNanos: BigInt(i + 1) * 1_000_001n,
      severity: i % 24,
      body: Buffer.from(bodyOf(i)),
      attributes: i % 5 === 0 ? { i: `${i}` } : {},
    });
  return builder.build();
}

function recordsOf(batch: LogsBatch) {
  return Array.from(batch.bodyEnds, (end, i) => ({
    stream: batch.streams[batch.streamOf[i] ?? -1],
    ms: batch.timestampsMs[i],
    nanos: batch.nanos[i],
    severity: batch.severities[i],
    body: Buffer.from(batch.bodies.subarray(end - bodyLength(batch, i), end)).toString(),
    attributes: batch.attributes?.[i],
  }));
}

test("logParts() gives all records of a batch in their order, in parts with the streams that they have", () => {
  const batch = batchOf(103);
  const parts = [...logParts(batch, { recordsMax: 4, streamsMax: 7, bytesMax: 1_000 })];
  expect(parts.flatMap(recordsOf)).toEqual(recordsOf(batch));
  expect(parts.map(({ bodyEnds }) => bodyEnds.length)).toEqual([...Array(25).fill(4), 3]);
  expect(parts.map(({ streams }) => streams.length)).toEqual([...Array(25).fill(4), 3]);
  expect(parts[1]?.attributes).toEqual([undefined, { i: "5" }, undefined, undefined]);
});

test("logParts() bounds the bytes of a part, but for one record that is larger", () => {
  const batch = batchOf(5, (i) => "x".repeat(i === 2 ? 90 : 20));
  const parts = [...logParts(batch, { recordsMax: 100, streamsMax: 7, bytesMax: 40 })];
  expect(parts.map(({ bodies }) => bodies.length)).toEqual([40, 90, 40]);
  expect(parts.flatMap(recordsOf)).toEqual(recordsOf(batch));
});

test("logParts() bounds the streams of a part", () => {
  const batch = batchOf(50);
  const parts = [...logParts(batch, { recordsMax: 9, streamsMax: 3, bytesMax: 1_000 })];
  expect(parts.flatMap(recordsOf)).toEqual(recordsOf(batch));
  expect(parts.map(({ streams }) => streams.length)).toEqual([...Array(16).fill(3), 2]);
});

test("logParts() leaves a small batch as it is", () => {
  const batch = batchOf(3);
  expect([...logParts(batch)]).toEqual([batch]);
});
