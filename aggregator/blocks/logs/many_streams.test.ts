import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { turnsSoFar } from "#shared/async/turns.ts";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import { LogsColumns } from "./write/logs_columns.ts";
import { writeLogsFile } from "./write/logs_file.ts";
import { LogSource } from "./write/logs_source.ts";
import { LogsCache } from "./log_file.ts";
import { readLogs } from "./read_logs.fixture.ts";

const folder = mkdtempSync(`${tmpdir()}/lapwing-streams-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const everything = {
  tenant: "t",
  lineFilters: [],
  startNs: 0n,
  endNs: 2n ** 62n,
  limit: 10,
  direction: "forward" as const,
};

/** One line a stream, which says the stream's number. */
async function written(streams: readonly Labels[]) {
  const bodies = streams.map((_, i) => Buffer.from(`${i}`));
  let end = 0;
  const batch = {
    streams: [...streams],
    streamOf: Uint32Array.from(streams.keys()),
    timestampsMs: Float64Array.from(streams.keys()),
    nanos: new Uint32Array(streams.length),
    severities: new Uint8Array(streams.length),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, ({ length }) => (end += length)),
  };
  const file = await writeLogsFile(folder, [batch]);
  const cache = new LogsCache(1e9);
  const linesOf = async (...matchers: Matcher[]) =>
    (await readLogs(file, { ...everything, matchers }, cache)).map(({ body }) => body);
  return { cache, linesOf };
}
const is = (name: string, value: string): Matcher => ({ name, op: "=", value });

test("a query of other streams reads no label of those that a block has", async () => {
  const streams = Array.from({ length: 20_000 }, (_, i) => ({ app: "many", id: `${i}` }));
  const { cache, linesOf } = await written(streams);
  expect(await linesOf(is("app", "other"))).toEqual([]);
  expect(await linesOf(is("app", "many"), is("id", "none"))).toEqual([]);
  const unread = cache.bytes;
  expect(await linesOf(is("app", "many"), is("id", "777"))).toEqual(["777"]);
  expect(cache.bytes).toBeGreaterThan(unread + 300 * streams.length);
});
test("streams are found by equality whatever their labels hold", async () => {
  const streams = [
    { app: 'say "hi"', n: "1" },
    { app: "back\\slash\n", n: "2" },
    { app: "žluť", n: "3" },
    { xapp: "a", n: "4" },
    { app: "ab", n: "5" },
    { n: "6" },
  ];
  const { linesOf } = await written(streams);
  for (const [i, { app }] of streams.entries())
    if (app !== undefined) expect(await linesOf(is("app", app))).toEqual([`${i}`]);
  expect(await linesOf(is("app", "a"))).toEqual([]);
  expect((await linesOf(is("app", ""))).toSorted()).toEqual(["3", "5"]);
  expect(await linesOf(is("n", "2"), { name: "app", op: "!=", value: "x" })).toEqual(["1"]);
});

test("a stream whose records have attributes of their own is written in many turns of the event loop", async () => {
  const count = 60_000;
  const attributes = Array.from({ length: count }, (_, i) => ({ id: `${i}`, trace: `t${i}` }));
  const batch = {
    streams: [{ app: "one" }],
    streamOf: new Uint32Array(count),
    timestampsMs: Float64Array.from(attributes.keys()),
    nanos: new Uint32Array(count),
    severities: new Uint8Array(count),
    bodies: new Uint8Array(count),
    bodyEnds: Uint32Array.from(attributes, (_, i) => i + 1),
    attributes,
  };
  const columns = new LogsColumns();
  const rows = {
    rows: count,
    runs: new LogSource(batch).stretches.map((stretch) => ({ stretch, count })),
  };
  const steps = [...columns.rowGroup(rows)].filter((pages) => pages === undefined);
  expect(steps.length).toBeGreaterThan(count / 10_000);
});

test("a block of many streams is written in many turns of the event loop", async () => {
  const streams = Array.from({ length: 60_000 }, (_, i) => ({ app: "many", id: `${i}` }));
  const before = turnsSoFar();
  await written(streams);
  // Some 400 ms of work, in turns of 5 ms.
  expect(turnsSoFar() - before).toBeGreaterThan(5);
});
