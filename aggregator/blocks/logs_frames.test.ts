import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeFrame, encodeFrame, newHeader } from "#proto/codec/envelope.ts";
import { createLogsEncoder, decodeLogs } from "#proto/codec/logs.ts";
import { Signal } from "#proto/gen/v1/frame_pb.js";
import type { LogsBatch } from "#shared/model/logs.ts";
import { createLineMiner } from "#test/support/mining.ts";
import { readLogs } from "./logs/read_logs.fixture.ts";
import { writeLogsFile } from "./logs/write/logs_file.ts";
import { lines } from "../read/store.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-frames-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const everything = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: -(2n ** 63n),
  endNs: 2n ** 63n - 1n,
  limit: 1_000_000,
  direction: "forward" as const,
};

type Line = { app: string; ms: number; body: string | Uint8Array; tag: string | undefined };

function batchOf(given: readonly Line[]): LogsBatch {
  const apps = [...new Set(given.map(({ app }) => app))];
  const tags = new Map(given.map(({ tag }) => [tag, tag === undefined ? undefined : { tag }]));
  const bodies = given.map(({ body }) => body);
  return {
    ...lines("", bodies),
    streams: apps.map((app) => ({ app })),
    streamOf: Uint32Array.from(given, ({ app }) => apps.indexOf(app)),
    timestampsMs: Float64Array.from(given, ({ ms }) => ms),
    attributes: given.map(({ tag }) => tags.get(tag)),
  };
}

/** What a lane of the aggregator makes of what an agent sends. */
function asFrames(batch: LogsBatch): LogsBatch[] {
  return createLogsEncoder()
    .encode(batch)
    .map(({ body, ...fields }) => {
      const header = newHeader({ tenant: "t", agent: "a", signal: Signal.LOGS, ...fields });
      return decodeLogs(decodeFrame(encodeFrame(header, body)));
    });
}

const body = fc.oneof(
  fc.integer({ min: 0, max: 99_999 }).map((n) => `user ${n} logs in from 10.0.${n % 7}.${n}`),
  fc.integer({ min: 0, max: 999 }).map((n) => `took ${n}ms`),
  fc.integer({ min: 0, max: 9 }).map((n) => `key ${"é".repeat(200)}${n} gone`),
  fc.string({ unit: "grapheme", maxLength: 5 }),
  fc.uint8Array({ maxLength: 4 }),
);
/** Lines of one app one after another, as a file gives them, but for some that are late. */
const run = fc.record({
  app: fc.constantFrom("a", "b", "c"),
  fromMs: fc.integer({ min: 0, max: 40 }),
  bodies: fc.array(body, { minLength: 1, maxLength: 30 }),
  lateness: fc.constantFrom(0, 0, 0, 3),
  tag: fc.option(fc.constantFrom("x", "y"), { nil: undefined }),
});
const frame = fc.array(run, { minLength: 1, maxLength: 12 }).map((runs) =>
  runs.flatMap(({ app, fromMs, bodies, lateness, tag }) =>
    bodies.map((text, i): Line => {
      const ms = fromMs + i - (i % 2) * lateness;
      return { app, ms, body: text, tag };
    }),
  ),
);

test("lines that come as columns of frames are stored as they are, by stream and time, equal times as they came", async () => {
  const miner = createLineMiner();
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 4 }), async (frames) => {
      const batches = frames.flatMap((given) => asFrames(miner.mine(batchOf(given))));
      const file = await writeLogsFile(folder, batches);
      const read = await readLogs(file, everything);
      rmSync(file.path);
      const all = frames.flat();
      expect(file.rows).toBe(all.length);
      for (const app of ["a", "b", "c"]) {
        const wanted = all.filter((line) => line.app === app).toSorted((a, b) => a.ms - b.ms);
        const found = read.filter(({ stream }) => stream["app"] === app);
        expect(found.map((one) => [Number(one.timestampNs), one.body, one.attributes])).toEqual(
          wanted.map((one) => [one.ms * 1e6, Buffer.from(one.body).toString(), tagsOf(one)]),
        );
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);

function tagsOf({ tag }: Line) {
  return tag === undefined ? undefined : { tag };
}

test("lines of many streams in turn are stored in the same way", async () => {
  const given = Array.from({ length: 3_000 }, (_, i): Line => {
    const app = `app${(i * 7) % 50}`;
    return { app, ms: i, body: `request ${i} of ${app} took ${i % 13}.5ms`, tag: undefined };
  });
  const batches = asFrames(createLineMiner().mine(batchOf(given)));
  const file = await writeLogsFile(folder, batches);
  const read = await readLogs(file, everything);
  expect(read.map((one) => [one.stream["app"], one.body])).toEqual(
    given.map((one) => [one.app, Buffer.from(one.body).toString()]),
  );
});
