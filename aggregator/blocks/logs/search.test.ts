import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { createLineMiner } from "#test/support/mining.ts";
import { logPartsOf } from "../../head/log_parts.ts";
import { scanParts, selectByScan } from "../../read/log_parts.ts";
import type { LineFilter } from "../../read/source.ts";
import { measureLogsCache } from "../view/cache_meters.ts";
import { writeLogsFile } from "./write/logs_file.ts";
import { lines } from "../../read/store.fixture.ts";
import { LogsCache } from "./log_file.ts";
import { readLogs } from "./read_logs.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-search-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const everything = {
  tenant: "t",
  matchers: [],
  lineFilters: [],
  startNs: 0n,
  endNs: 2n ** 62n,
  limit: 100_000,
  direction: "forward" as const,
};

const words = [
  "user",
  "7",
  "42",
  "a=4",
  "k=v",
  "Jun",
  "Mon",
  "é",
  "žluť9",
  "x",
  "",
  "10.0.0.1:8080",
  "blk_-1608999687919862906",
  "4bf92f3577b34da6a3ce929d0e0e4736",
  "[9]",
  "<3>",
  "\u0000",
  '"id":"77"',
  "Failed",
];
const separator = fc.constantFrom(" ", "  ", ",", ":", "=", "/", "-", ".", '"');
const wordy = fc
  .array(fc.tuple(fc.constantFrom(...words), separator), { maxLength: 40 })
  .map((pairs) => pairs.flat().join(""));
/** A few shapes that come often, so that there are templates with several lines. */
const shaped = fc
  .tuple(
    fc.constantFrom("took # ms for user # at #", "a#=# Jun # <#>", "id # #/#:#,#", "# # # # #"),
    fc.infiniteStream(fc.constantFrom("1", "22", "333", "7", "x1", "Feb", "2f-9", "é8")),
  )
  .map(([shape, values]) => shape.replaceAll("#", () => values.next().value ?? ""));
/** Variables of which some have a dictionary in a block. */
const dated = fc
  .tuple(fc.integer({ min: 10, max: 31 }), fc.nat(255), fc.nat(10 ** 6))
  .map(
    ([day, host, id]) => `2005-12-${day} from 10.250.${host}.1, blk_-${id}, 7-${id}é: took ${day}`,
  );
const line = fc.oneof(
  { weight: 4, arbitrary: wordy },
  { weight: 6, arbitrary: shaped },
  { weight: 6, arbitrary: dated },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }) },
);
const operators = ["|=", "!=", "|~", "!~"] as const;
/** A piece of a line, found by two numbers, or something else. */
const wish = fc.record({
  op: fc.constantFrom(...operators),
  picks: fc.array(
    fc.record({
      line: fc.nat(),
      from: fc.nat(),
      length: fc.oneof(fc.nat(3), fc.nat(40)),
      other: fc.option(fc.constantFrom("", "7", " ", "Jun", "1 2", "= ", "user 7", "e\u0301"), {
        freq: 4,
      }),
      shape: fc.constantFrom(
        (text: string) => text,
        (text: string) => `(?i)${text}`,
        (text: string) => `^${text}`,
        (text: string) => `${text}$`,
        (text: string) => `${text}.*\\d+`,
        (text: string) => `[a-f]+|${text}`,
        (text: string) => `\\b${text}\\s?`,
        (text: string) => `(${text})?\\w{2,5}:`,
        () => "\\d{3}",
        () => "[^\\x00-\\x7f]",
        () => ".9",
        () => "",
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

type Line = string | Uint8Array;

function filterOf(
  { op, picks }: typeof wish extends fc.Arbitrary<infer W> ? W : never,
  some: readonly Line[],
): LineFilter {
  const values = picks.map(({ line: number, from, length, other, shape }) => {
    const text = Array.from(Buffer.from(some[number % some.length] ?? "").toString());
    const at = from % (text.length + 1);
    const needle = other ?? text.slice(at, at + length).join("");
    return op === "|=" || op === "!="
      ? needle
      : shape(needle.replaceAll(/[\\^$.|?*+()[\]{}]/g, "\\$&"));
  });
  return { op, values };
}

function passes(one: Line, { op, values }: LineFilter): boolean {
  const body = Buffer.from(one);
  const isHit =
    op === "|=" || op === "!="
      ? values.some((value) => body.includes(value))
      : values.some((value) => searchingRegex(value).test(body.toString()));
  return isHit === (op === "|=" || op === "|~");
}

test("any filters over any lines give the lines that whole bodies give", async () => {
  const miner = createLineMiner();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.array(line, { minLength: 1, maxLength: 40 }), fc.boolean()), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.array(fc.array(wish, { minLength: 1, maxLength: 3 }), { minLength: 12, maxLength: 12 }),
      async (batches, wishes) => {
        const given = batches.map(([some, isMined], i) => {
          const batch = lines("x", some, 100 * i);
          return isMined ? miner.mine(batch) : batch;
        });
        const all = batches.flatMap(([some]) => some);
        const file = await writeLogsFile(folder, given);
        for (const wanted of wishes) {
          const lineFilters = wanted.map((one) => filterOf(one, all));
          const found = await readLogs(file, { ...everything, lineFilters });
          const expected = all
            .filter((one) => lineFilters.every((filter) => passes(one, filter)))
            .map((one) => Buffer.from(one).toString());
          const entries = given.map((batch) => ({ batch, minMs: 0, maxMs: 1_000 }));
          const request = { ...everything, lineFilters, needs: { bodies: true, attributes: true } };
          const parts = logPartsOf(entries, request);
          const inHead = await selectByScan(scanParts(parts, request), request);
          expect(inHead.map(({ body }) => body)).toEqual(found.map(({ body }) => body));
          expect({ lineFilters, bodies: found.map(({ body }) => body) }).toEqual({
            lineFilters,
            bodies: expected,
          });
        }
        rmSync(file.path);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test("a cache tells how often it had what was wanted", async () => {
  const some = Array.from({ length: 50 }, (_, i) => `user ${i} is in`);
  const file = await writeLogsFile(folder, [createLineMiner().mine(lines("x", some))]);
  const metrics = createSelfMetrics();
  const cache = new LogsCache(2 ** 20);
  measureLogsCache(metrics, cache);
  await readLogs(file, everything, cache);
  const { misses } = cache.columns;
  expect(misses).toBeGreaterThan(3);
  await readLogs(file, everything, cache);
  expect(cache.columns.misses).toBe(misses);
  expect(cache.columns.hits).toBeGreaterThanOrEqual(misses);
  for (let read = 0; read < 2; read++) {
    const text = await metrics.text();
    expect(text).toContain(`cache_columns_total{outcome="miss"} ${misses}\n`);
    expect(text).toContain(`cache_columns_total{outcome="hit"} ${cache.columns.hits}\n`);
    expect(text).toContain(`logs_cache_bytes ${cache.bytes}\n`);
  }
  rmSync(file.path);
});

const ip = (i: number) => `10.${i % 250}.${(i * 7) % 250}.${(i * 13) % 250}`;

test("a cache knows what memory texts take once they were put together", async () => {
  const some = Array.from(
    { length: 2_000 },
    (_, i) => `from ${ip(i)} to ${ip(i + 1)} took ${i} ms`,
  );
  const file = await writeLogsFile(folder, [createLineMiner().mine(lines("x", some))]);
  const cache = new LogsCache(2 ** 24);
  const bytesAfter = async (lineFilter: LineFilter) => {
    await readLogs(file, { ...everything, lineFilters: [lineFilter], limit: 1 }, cache);
    return cache.bytes;
  };
  const searched = await bytesAfter({ op: "|=", values: ["7.7.7.7.7"] });
  const whole = await bytesAfter({ op: "|=", values: ["from"] });
  const texts = some.reduce((sum, { length }) => sum + length - "from  to  took  ms".length, 0);
  expect(whole - searched).toBeGreaterThan(texts / 2);
  expect(cache.bytes).toBe(whole);
  rmSync(file.path);
});

test("a cache without room changes no answer", async () => {
  const some = Array.from({ length: 300 }, (_, i) => `user ${i} opened file /srv/${i % 7}/x`);
  const file = await writeLogsFile(folder, [createLineMiner().mine(lines("x", some))]);
  const request = { ...everything, lineFilters: [{ op: "|=" as const, values: ["/3/x"] }] };
  const wanted = some.filter((one) => one.includes("/3/x"));
  for (const cache of [new LogsCache(0), new LogsCache(3_000)]) {
    const all = await readLogs(file, everything, cache);
    expect(all.map(({ body }) => body)).toEqual(some);
    expect((await readLogs(file, request, cache)).map(({ body }) => body)).toEqual(wanted);
  }
  rmSync(file.path);
});

test("a cache counts what it lets go as garbage, and nothing where all has room", async () => {
  const some = Array.from({ length: 300 }, (_, i) => `from ${ip(i)} to ${ip(i + 1)}`);
  const written = (app: string) =>
    writeLogsFile(folder, [createLineMiner().mine(lines(app, some))]);
  const files = [await written("x"), await written("y")];
  const [first] = files;
  if (first === undefined) throw new Error("no file");
  const whole = new LogsCache(2 ** 24);
  await readLogs(first, everything, whole);
  const bytesLetGo = async (bytesMax: number) => {
    let letGo = 0;
    const cache = new LogsCache(bytesMax, { add: (bytes) => void (letGo += bytes) });
    for (let round = 0; round < 3; round++)
      for (const file of files) await readLogs(file, everything, cache);
    expect(cache.bytes).toBeLessThan(1.2 * bytesMax);
    return letGo;
  };
  expect(await bytesLetGo(whole.bytes / 2)).toBeGreaterThan(0);
  expect(await bytesLetGo(2 ** 24)).toBe(0);
  for (const file of files) rmSync(file.path);
});
