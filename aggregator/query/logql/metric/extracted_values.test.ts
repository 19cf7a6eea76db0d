import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { createLineMiner } from "#test/support/mining.ts";
import { BlockPart, compileScan } from "../../../blocks/logs/block_part.ts";
import { LogsCache } from "../../../blocks/logs/log_file.ts";
import { writeLogsFile } from "../../../blocks/logs/write/logs_file.ts";
import { scanParts } from "../../../read/log_parts.ts";
import type { LogScanRequest, LogsSource } from "../../../read/source.ts";
import { evaluateMetric } from "../evaluate.ts";
import { parseLogql } from "../../../log_pipeline/parse_query.ts";
import { scopeOf } from "../records.fixture.ts";
import { decimalAt } from "./decimal.ts";
import { streamLists } from "../../stream_lists.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-unwrapped-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const number = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: 0, max: 9_999 }).map(String) },
  { weight: 20, arbitrary: fc.nat(99_999).map((n) => `${Math.floor(n / 10)}.${n % 10}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("-7.25", "1e3", "0.000001", "12345678901234567890", "07", "-0"),
  },
);
const text = fc.oneof(
  { weight: 9, arbitrary: number },
  { weight: 3, arbitrary: fc.nat(500).map((n) => `${n}ms`) },
  { weight: 1, arbitrary: fc.constantFrom("", "12x", "1KB", "NaN", "5s") },
);
const path = fc.constantFrom("/cart", "/login", "/a b");
const level = fc.constantFrom("info", "error");
const small = fc.nat(99);
const wholeLine = fc.tuple(level, path, number, small);
const line = fc.oneof(
  {
    weight: 30,
    arbitrary: wholeLine.map(
      ([l, p, ms, n]) => `{"level":"${l}","path":"${p}","duration_ms":${ms},"n":${n}}`,
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(path, text).map(([p, ms]) => `{"path":"${p}","duration_ms":"${ms}"}`),
  },
  {
    weight: 3,
    arbitrary: wholeLine.map(
      ([, p, ms, n]) => `{"duration_ms":${ms},"path":"${p}","duration_ms":${n}}`,
    ),
  },
  {
    weight: 3,
    arbitrary: wholeLine.map(([, , ms, n]) => `{"path":"/u/${n}","duration_ms":${ms}}`),
  },
  { weight: 3, arbitrary: wholeLine.map(([, p, ms]) => `{"duration":{"ms":${ms}},"path":"${p}"}`) },
  {
    weight: 2,
    arbitrary: wholeLine.map(
      ([, p, ms, n]) => String.raw`{"note":"a\"${n}","path":"${p}","duration_ms":${ms}}`,
    ),
  },
  { weight: 1, arbitrary: wholeLine.map(([, p, , n]) => `{"path":"${p}","n":${n}}`) },
  { weight: 1, arbitrary: small.map((n) => `took ${n} ms`) },
);
const record = fc.record({
  at: fc.tuple(fc.nat(30), fc.constantFrom(0, 0.0005)).map(([s, rest]) => s + rest),
  line,
  stream: fc.constantFrom<Record<string, string>>(
    { app: "a" },
    { app: "a", pod: "y" },
    { app: "b", path: "/p" },
    { app: "b", duration_ms: "7" },
  ),
  severity: fc.constantFrom(0, 9, 17),
  attributes: fc.oneof(
    { weight: 15, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant({ path: "/meta" }) },
  ),
});
const query = fc
  .record({
    op: fc.constantFrom("avg", "sum", "max", "first", "last", "stddev", "quantile"),
    unwrap: fc.oneof(
      { weight: 6, arbitrary: fc.constant("duration_ms") },
      { weight: 1, arbitrary: fc.constant("duration(duration_ms)") },
      { weight: 1, arbitrary: fc.constant("bytes(duration_ms)") },
      { weight: 1, arbitrary: fc.constant("duration_ms_extracted") },
      { weight: 1, arbitrary: fc.constant("n") },
    ),
    by: fc.constantFrom("path", "path, level", "app, detected_level", "level", "duration_ms", ""),
    stage: fc.constantFrom("", "", '| path="/cart"', '| level!="error"', "| n > 50", '| app="a"'),
    window: fc.constantFrom("40s", "7s", "2s"),
  })
  .map(({ op, unwrap, by, stage, window }) => {
    const parameter = op === "quantile" ? "0.5, " : "";
    const fn = `${op}_over_time`;
    const log = `{app=~".+"} | json ${stage} | unwrap ${unwrap} [${window}]`;
    // Sums are put together by who asks, and have no grouping of their own.
    return op === "sum" ? `sum by (${by}) (${fn}(${log}))` : `${fn}(${parameter}${log}) by (${by})`;
  });

type Sent = typeof record extends fc.Arbitrary<infer R> ? R : never;

/** In batches of a stream, as agents send them. */
function batchesOf(given: readonly Sent[], isMined: boolean): LogsBatch[] {
  const miner = createLineMiner();
  const streams = [...new Set(given.map(({ stream }) => stream))];
  return streams.map((stream) => {
    const own = given.filter((one) => one.stream === stream);
    const bodies = own.map((one) => Buffer.from(one.line));
    let end = 0;
    const batch: LogsBatch = {
      streams: [stream],
      streamOf: new Uint32Array(own.length),
      timestampsMs: Float64Array.from(own, ({ at }) => Math.floor(at * 1e3)),
      nanos: Uint32Array.from(own, ({ at }) => Math.round((at % 0.001) * 1e9) % 1_000_000),
      severities: Uint8Array.from(own, (one) => one.severity),
      bodies: new Uint8Array(Buffer.concat(bodies)),
      bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
      attributes: own.map(({ attributes }) => attributes),
    };
    return isMined ? miner.mine(batch) : batch;
  });
}

const steps = { startMs: 0, endMs: 35_000, stepMs: 5_000 };

async function outcome(query_: string, source: LogsSource, at = steps) {
  const parsed = parseLogql(query_);
  if (parsed.kind === "log") throw new Error("no metric query");
  try {
    const found = await evaluateMetric(parsed, at, scopeOf(source));
    if (typeof found === "number") return found;
    // Typed arrays are compared by their bytes, and NaN has many: which of them arithmetic gives depends on how it was compiled.
    return found.map(({ labels, timestampsMs, values }) => ({
      labels,
      timestampsMs: Array.from(timestampsMs),
      values: Array.from(values),
    }));
  } catch (error) {
    return messageOf(error);
  }
}

type Needs = LogScanRequest["needs"];

const none = async () => [];
const without = ({ bodies, attributes }: Needs): Needs => ({ bodies, attributes });

/** Records of a file; `extract` decides about what values are taken out of lines. */
function fileSource(
  file: Awaited<ReturnType<typeof writeLogsFile>>,
  extract: (needs: Needs) => Needs,
): LogsSource {
  const cache = new LogsCache(2 ** 24);
  return {
    select: none,
    scan: (asked) => {
      const request = { ...asked, needs: extract(asked.needs) };
      const part = new BlockPart(file, compileScan(request), (use) =>
        cache.use(file.path, file.path, use),
      );
      return scanParts([part], request);
    },
    ...streamLists(async () => {}),
  };
}

/** Lets values be taken out of lines, and counts those of which that was done. */
function countingExtracts() {
  const seen = { extracted: 0, all: 0, faults: 0 };
  const counting = (needs: Needs): Needs => {
    const { extract } = needs;
    if (extract === undefined) return needs;
    return {
      ...needs,
      extract: (lines) => {
        const { variables, take } = extract(lines);
        return {
          variables,
          take: async () => {
            const found = await take();
            seen.all += found.cases.length;
            seen.extracted += found.cases.filter((one) => one >= 0).length;
            return found;
          },
        };
      },
    };
  };
  return { seen, counting };
}

test("unwrapped values are those of whole lines, wherever they are taken from", async () => {
  const { seen, counting } = countingExtracts();
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 60, size: "max" }),
      fc.array(query, { minLength: 6, maxLength: 6 }),
      async (given, queries) => {
        const mined = await writeLogsFile(folder, batchesOf(given, true));
        const whole = await writeLogsFile(folder, batchesOf(given, false));
        for (const asked of queries) {
          const found = await outcome(asked, fileSource(mined, counting));
          expect({ asked, found }).toEqual({
            asked,
            found: await outcome(asked, fileSource(mined, without)),
          });
          expect({ asked, found }).toEqual({
            asked,
            found: await outcome(asked, fileSource(whole, without)),
          });
          if (typeof found === "string") seen.faults++;
        }
        for (const { path: at } of [mined, whole]) rmSync(at);
      },
    ),
    { numRuns: 40 },
  );
  expect(seen.extracted).toBeGreaterThan(seen.all / 10);
  expect(seen.extracted).toBeGreaterThan(400);
  expect(seen.faults).toBeGreaterThan(5);
}, 30_000);

const word = fc.constantFrom("GET", "POST", "a_b", "x");
const tail = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("", " ok", " [9] done", ' "GET 7" len: 8', " über") },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);
/** Lines whose fields stand beside constant texts and variables, some with marks of the patterns where they are not looked for. */
const textLine = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(word, number, small, tail)
      .map(
        ([w, ms, n, rest]) => `10:${n} [${w}/${n}] "${w} /p/${ms}" len: ${ms} time: ${n}${rest}`,
      ),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(word, number, small)
      .map(([w, ms, n]) => `${n} - [${w}:${ms}] id=${w}-${n}`),
  },
  { weight: 3, arbitrary: fc.tuple(number, tail).map(([ms, rest]) => `len: ${ms}${rest}`) },
  { weight: 2, arbitrary: fc.tuple(small, tail).map(([n, rest]) => `${n}${rest}`) },
);
const parser = fc.constantFrom(
  "regexp `\\[(?P<path>[A-Za-z]+)`",
  "regexp `\\[(?P<path>\\w+)[:/](?P<n>\\d+)`",
  "regexp `(?P<path>\\d+)`",
  "regexp `^(?P<n>\\d+) - .*id=(?P<path>.*)$`",
  "regexp `len: (?P<duration_ms>[\\d.]+)`",
  "regexp `(?:(?P<path>GET)|(?P<level>POST)|\\b(?P<n>\\d)) `",
  "regexp `(?P<path>[a-z]*)(?P<n>\\d*?)[^x]*?len: (?P<duration_ms>\\d+)`",
  "regexp `(?i)\\bL(?P<path>.)n.*?(?P<duration_ms>\\d+)\\b`",
  'pattern `<_>"<path> <_>" len: <duration_ms> time: <n>`',
  "pattern `<n> - [<path>:<duration_ms>]<_>`",
  "pattern `10:<n> [<path>/<_>] <_>: <duration_ms> <_>`",
  "pattern `<path>[<level>`",
  "pattern `len: <duration_ms>`",
  "pattern `<_>: <path>: <n>`",
);
const textQuery = fc
  .record({
    op: fc.constantFrom("count", "rate", "bytes", "sum", "max", "first", "quantile"),
    parser,
    by: fc.constantFrom("path", "path, n", "app, detected_level", "level", "duration_ms", ""),
    stage: fc.constantFrom("", "", '| path="GET"', '| duration_ms!=""', "| n > 50", '| n=~".+"'),
    unwrap: fc.constantFrom("duration_ms", "n", "duration(duration_ms)"),
    window: fc.constantFrom("40s", "7s"),
  })
  .map(({ op, parser: stages, by, stage, unwrap, window }) => {
    const parameter = op === "quantile" ? "0.5, " : "";
    const log = `{app=~".+"} | ${stages} ${stage}`;
    if (op === "rate") return `sum by (${by}) (rate(${log} [${window}]))`;
    const fn = `${op}_over_time`;
    if (op === "count" || op === "bytes") return `sum by (${by}) (${fn}(${log} [${window}]))`;
    if (op === "sum") return `sum by (${by}) (${fn}(${log} | unwrap ${unwrap} [${window}]))`;
    return `${fn}(${parameter}${log} | unwrap ${unwrap} [${window}]) by (${by})`;
  });

test("what regexp and pattern find is the same of templates as of whole lines", async () => {
  const { seen, counting } = countingExtracts();
  const textRecord = fc.tuple(record, textLine).map(([one, own]) => ({ ...one, line: own }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(textRecord, { minLength: 1, maxLength: 60, size: "max" }),
      fc.array(textQuery, { minLength: 8, maxLength: 8 }),
      async (given, queries) => {
        const mined = await writeLogsFile(folder, batchesOf(given, true));
        for (const asked of queries) {
          const found = await outcome(asked, fileSource(mined, counting));
          expect({ asked, found }).toEqual({
            asked,
            found: await outcome(asked, fileSource(mined, without)),
          });
        }
        rmSync(mined.path);
      },
    ),
    { numRuns: 60 },
  );
  expect(seen.extracted).toBeGreaterThan(seen.all / 20);
}, 30_000);

test("records that are only counted are the same, by streams and times alone", async () => {
  let counted = 0;
  const noted = (source: LogsSource): LogsSource => ({
    ...source,
    scan: async function* (request) {
      for await (const slices of source.scan(request)) {
        for (const { counts } of slices) if (counts !== undefined) counted++;
        yield slices;
      }
    },
  });
  const countQuery = fc
    .tuple(
      fc.constantFrom("count_over_time", "rate", "absent_over_time"),
      fc.constantFrom("", "by (app) ", "by (pod, app) ", "by (detected_level) "),
      fc.constantFrom('{app=~".+"}', '{app="a"}', '{app=~".+"} |= "n"', '{app="b"} != "error"'),
      fc.constantFrom("40s", "7s", "2s"),
    )
    .map(([op, by, log, range]) => `sum ${by}(${op}(${log} [${range}]))`);
  const plain = record.map((one) => ({ ...one, attributes: undefined }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(plain, { minLength: 1, maxLength: 400, size: "max" }),
      fc.array(countQuery, { minLength: 6, maxLength: 6 }),
      fc.constantFrom(5_000, 20_000, 35_000),
      async (given, queries, stepMs) => {
        const mined = await writeLogsFile(folder, batchesOf(given, true));
        for (const asked of queries) {
          const source = noted(fileSource(mined, (needs) => needs));
          const at = { ...steps, stepMs };
          const found = await outcome(asked, source, at);
          const plainly = await outcome(asked, fileSource(mined, without), at);
          expect({ asked, found }).toEqual({ asked, found: plainly });
        }
        rmSync(mined.path);
      },
    ),
    { numRuns: 30 },
  );
  expect(counted).toBeGreaterThan(20);
}, 30_000);

test("decimalAt() gives what Number() gives, or nothing", () => {
  const spelled = fc.oneof(
    fc.stringMatching(/^-?\d{1,16}(\.\d{0,8})?$/),
    fc.stringMatching(/^[-+.\dex]{0,6}$/),
    fc.double().map(String),
  );
  let known = 0;
  fc.assert(
    fc.property(spelled, (one) => {
      const bytes = Buffer.from(`0${one}0`);
      const value = decimalAt(bytes, 1, bytes.length - 1);
      if (value === undefined) return;
      known++;
      expect(value).toBe(Number(one));
    }),
    { numRuns: 2_000 },
  );
  expect(known).toBeGreaterThan(300);
});
