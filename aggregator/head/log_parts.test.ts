import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { decodeFrame, encodeFrame, newHeader } from "#proto/codec/envelope.ts";
import { createLogsEncoder, decodeLogs } from "#proto/codec/logs.ts";
import { Signal } from "#proto/gen/v1/frame_pb.js";
import type { LogsBatch } from "#shared/model/logs.ts";
import { createLineMiner } from "#test/support/mining.ts";
import type { LineFilter } from "../read/source.ts";
import { createHead } from "./head.ts";

const lane = { tenant: "t", agent: "a", signal: "logs" } as const;

function batchOf(lines: readonly Uint8Array[]): LogsBatch {
  let end = 0;
  return {
    streams: [{ app: "a" }, { app: "b" }],
    streamOf: Uint32Array.from(lines, (_, i) => i % 2),
    timestampsMs: Float64Array.from(lines, (_, i) => i),
    nanos: new Uint32Array(lines.length),
    severities: new Uint8Array(lines.length),
    bodies: new Uint8Array(Buffer.concat(lines)),
    bodyEnds: Uint32Array.from(lines, ({ length }) => (end += length)),
  };
}

function asFrames(batch: LogsBatch): LogsBatch[] {
  return createLogsEncoder()
    .encode(batch)
    .map(({ body, ...fields }) => {
      const header = newHeader({ tenant: "t", agent: "a", signal: Signal.LOGS, ...fields });
      return decodeLogs(decodeFrame(encodeFrame(header, body)));
    });
}

async function found(
  batches: readonly LogsBatch[],
  lineFilters: readonly LineFilter[],
  startMs: number,
): Promise<string[]> {
  const head = createHead();
  for (const batch of batches) head.appendLogs(lane, batch, 1e6);
  const span = { startNs: BigInt(startMs) * 1_000_000n, endNs: 1n << 60n };
  const needs = { bodies: true, attributes: false };
  const matchers = [{ name: "app", op: "=", value: "a" }] as const;
  const texts: string[] = [];
  for (const part of head.logParts({
    ...span,
    tenant: "t",
    matchers,
    lineFilters,
    direction: "forward",
    needs,
  }))
    for await (const { batch, rows } of part.slices(span))
      for (const row of rows) texts.push(`${batch.timestampsMs[row]} ${bodyOf(batch, row)}`);
  return texts;
}

function bodyOf({ bodies, bodyEnds }: LogsBatch, row: number): string {
  return Buffer.from(bodies.subarray(row === 0 ? 0 : bodyEnds[row - 1], bodyEnds[row])).toString();
}

const values = ["7", "42", "10.0.0.1", "blk_-160", "Jun", "é9", "", "x1"];
const line = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("took # ms for user # at #", "a#=# Jun # <#>", "Failed # from #:#"),
      fc.infiniteStream(fc.constantFrom(...values)),
    )
    .map(([shape, some]) => Buffer.from(shape.replaceAll("#", () => some.next().value ?? ""))),
  fc.constantFrom(...values).map((value) => Buffer.from(value)),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
);
const filter = fc.record({
  op: fc.constantFrom("|=" as const, "!=" as const, "|~" as const, "!~" as const),
  values: fc.array(
    fc.constantFrom("7", "Failed", "user 4", "Jun", "from 10.0", "é", "", "= ", "x1:"),
    {
      minLength: 1,
      maxLength: 2,
    },
  ),
});

test("line filters find in frames of the head what they find in whole lines", async () => {
  const miner = createLineMiner();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(line, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 3 }),
      fc.array(filter, { maxLength: 2 }),
      fc.nat(30),
      async (batches, filters, startMs) => {
        const plain = batches.map((lines) => batchOf(lines));
        const frames = plain.flatMap((batch) => asFrames(miner.mine(batch)));
        expect(await found(frames, filters, startMs)).toEqual(await found(plain, filters, startMs));
      },
    ),
    { numRuns: 200 },
  );
});
