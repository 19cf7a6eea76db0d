import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bodyLength } from "#shared/model/logs.ts";
import { createLineMiner } from "#test/support/mining.ts";
import type { LineFilter } from "../../read/source.ts";
import { writeLogsFile } from "./write/logs_file.ts";
import { lines } from "../../read/store.fixture.ts";
import { BlockPart, compileScan } from "./block_part.ts";
import { LogsCache } from "./log_file.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-lengths-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Written = Awaited<ReturnType<typeof writeLogsFile>>;
type Needs = { readonly bodies: boolean; readonly attributes: boolean; readonly lengths?: boolean };

const wholeLines: Needs = { bodies: true, attributes: false };
const lengthsAlone: Needs = { bodies: false, attributes: false, lengths: true };

/** Lengths of lines in [from, to) milliseconds, and the bytes that came with them. */
async function lengthsOf(
  file: Written,
  cache: LogsCache,
  needs: Needs,
  { from = 0, to = 1e6, lineFilters = [] as readonly LineFilter[] } = {},
) {
  const span = { startNs: BigInt(from) * 1_000_000n, endNs: BigInt(to) * 1_000_000n };
  const direction = "forward" as const;
  const request = { tenant: "t", matchers: [], lineFilters, ...span, direction, needs };
  const part = new BlockPart(file, compileScan(request), (use) =>
    cache.use(file.path, file.path, use),
  );
  const lengths: number[] = [];
  let bytes = 0;
  for await (const { batch, rows } of part.slices(span)) {
    for (const row of rows) lengths.push(bodyLength(batch, row));
    bytes += batch.bodies.length;
  }
  return { lengths, bytes };
}

const line = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("took # ms for é # at #", "id # #/#:#,#", "plain words", "#"),
      fc.infiniteStream(fc.constantFrom("1", "22", "333", "", "x1", "é8", "long".repeat(20))),
    )
    .map(([shape, values]) => shape.replaceAll("#", () => values.next().value ?? "")),
  fc.uint8Array({ maxLength: 9 }),
  fc.string({ maxLength: 5 }),
);
const batches = fc.array(
  fc.tuple(
    fc.array(line, { minLength: 1, maxLength: 60 }),
    fc.boolean(),
    fc.constantFrom("a", "b"),
  ),
  { minLength: 1, maxLength: 3 },
);

test("lengths of lines are told without the lines, and are those of the lines", async () => {
  const miner = createLineMiner();
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(200), fc.nat(200), async (some, from, length) => {
      const given = some.map(([texts, isMined, app], i) => {
        const batch = lines(app, texts, 50 * i);
        return isMined ? miner.mine(batch) : batch;
      });
      const file = await writeLogsFile(folder, given);
      const filtered = { lineFilters: [{ op: "|=" as const, values: ["1"] }] };
      const cache = new LogsCache(2 ** 20);
      for (const wish of [{}, { from, to: from + length }, filtered]) {
        const fresh = new LogsCache(0);
        const wanted = await lengthsOf(file, fresh, wholeLines, wish);
        expect(wanted.bytes).toBe(wanted.lengths.reduce((sum, bytes) => sum + bytes, 0));
        // First of columns as they were read, then as searches have left them, then as they were kept.
        const { lengths } = wanted;
        expect(await lengthsOf(file, cache, lengthsAlone, wish)).toEqual({ lengths, bytes: 0 });
        expect(await lengthsOf(file, fresh, lengthsAlone, wish)).toEqual({ lengths, bytes: 0 });
        const searched = new LogsCache(2 ** 20);
        await lengthsOf(file, searched, wholeLines);
        expect(await lengthsOf(file, searched, lengthsAlone, wish)).toEqual({ lengths, bytes: 0 });
      }
      rmSync(file.path);
    }),
    { numRuns: 40 },
  );
});

test("a few of many rows have their own lengths", async () => {
  const texts = Array.from({ length: 500 }, (_, i) => (i % 97 === 0 ? `needle ${i}` : `${i}`));
  const file = await writeLogsFile(folder, [createLineMiner().mine(lines("a", texts))]);
  const lineFilters = [{ op: "|=" as const, values: ["needle"] }];
  const found = await lengthsOf(file, new LogsCache(2 ** 20), lengthsAlone, { lineFilters });
  const wanted = texts.filter((text) => text.includes("needle")).map(({ length }) => length);
  expect(found).toEqual({ lengths: wanted, bytes: 0 });
  rmSync(file.path);
});
