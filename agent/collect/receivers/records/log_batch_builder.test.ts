import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { messageOf } from "#shared/errors.ts";
import { type LogsBatch, bodyLength } from "#shared/model/logs.ts";
import { LogBatchBuilder } from "./log_batch_builder.ts";

type Line = { body: string; ms: number; severity: number; app: string; id: string | undefined };

function builderOf(records: readonly Line[], reserved: number): LogBatchBuilder {
  const builder = new LogBatchBuilder({ lineBytesMax: 10_000, latestMs: 1e15 });
  if (reserved > 0) builder.reserve(reserved);
  for (const { body, ms, severity, app, id } of records) {
    const attributes = id === undefined ? undefined : { id };
    const source = Buffer.from(body);
    const stream = builder.stream({ app });
    builder.addLine(stream, ms, 7, severity, source, 0, source.length, attributes, 0);
  }
  return builder;
}

function recordsOf(batch: LogsBatch): Line[] {
  return Array.from(batch.bodyEnds, (end, i) => ({
    body: Buffer.from(batch.bodies.subarray(end - bodyLength(batch, i), end)).toString(),
    ms: batch.timestampsMs[i] ?? 0,
    severity: batch.severities[i] ?? 0,
    app: batch.streams[batch.streamOf[i] ?? -1]?.["app"] ?? "",
    id: batch.attributes?.[i]?.["id"],
  }));
}

const record = fc.record({
  body: fc.oneof(fc.string({ maxLength: 20 }), fc.constant("long ".repeat(1_500))),
  ms: fc.integer({ min: 1, max: 1e12 }),
  severity: fc.integer({ min: 0, max: 24 }),
  app: fc.constantFrom("a", "b", "c"),
  id: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
});
const batch = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 300, size: "max" }),
  reserved: fc.constantFrom(0, 0, 100_000),
  rounds: fc.integer({ min: 0, max: 3 }),
});

test("batches that are under way at the same time, and ones that take over their columns, hold their own records", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 2, maxLength: 5, size: "max" }),
      async (batches) => {
        const sent = batches.map(({ records, reserved, rounds }) =>
          builderOf(records, reserved).emit(async (own) => {
            for (let round = 0; round < rounds; round++) await Promise.resolve();
            expect(recordsOf(own)).toEqual(records);
          }),
        );
        await Promise.all(sent);
      },
    ),
    { numRuns: 10 },
  );
});

test("the columns of a batch serve another one once it is stored, also where it is refused", async () => {
  const one = [{ body: "x", ms: 1, severity: 0, app: "a", id: undefined }];
  let first: ArrayBufferLike | undefined;
  const refused = builderOf(one, 300_000).emit(async ({ bodies }) => {
    first = bodies.buffer;
    // They are not lent while the batch is under way.
    await builderOf(one, 0).emit(async (other) =>
      expect(other.bodies.buffer).not.toBe(bodies.buffer),
    );
    throw new Error("full");
  });
  expect(await refused.catch(messageOf)).toBe("full");
  await builderOf(one, 0).emit(async ({ bodies }) => expect(bodies.buffer === first).toBe(true));
});
