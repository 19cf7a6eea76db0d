import { expect, test } from "bun:test";
import { nextRound } from "#shared/async/turns.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { defaultLogqlLimits } from "../query/logql/evaluate.ts";
import { parseLogql } from "../log_pipeline/parse_query.ts";
import type { LogEntry } from "../query/logql/evaluate.ts";
import { batchSource } from "./batch_source.ts";
import { followQuery } from "./follow_query.ts";
import { type Taken, TailBuffer } from "./tail_buffer.ts";
import { TailSession } from "./tail_session.ts";
import type { Arrived } from "./arrived.ts";
import { Tails } from "./tails.ts";
import { streamLists } from "../query/stream_lists.ts";

const batchOf = (stream: Record<string, string>, ...lines: string[]): LogsBatch => {
  const bodies = lines.map((line) => Buffer.from(line));
  let end = 0;
  return {
    streams: [stream],
    streamOf: new Uint32Array(lines.length),
    timestampsMs: Float64Array.from(lines, (_, i) => 1_000 + i),
    nanos: new Uint32Array(lines.length),
    severities: new Uint8Array(lines.length).fill(9),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
  };
};
const following = (text: string) => () => {
  const query = parseLogql(text);
  if (query.kind !== "log") throw new Error("a log query");
  const source = {
    ...batchSource(batchOf({})),
    ...streamLists(async () => {}),
  };
  return followQuery(query, { tenant: "t", source, limits: defaultLogqlLimits });
};
const linesOf = (chunks: readonly Arrived[]) =>
  chunks.flatMap(({ entries }) => entries.map(({ body }) => body));
const entry = (body: string, timestampNs = 1n): LogEntry => ({
  timestampNs,
  stream: { job: "app" },
  body,
  severity: 9,
  metadata: {},
  parsed: {},
});
/** More rounds of the event loop than what was started takes, however long each is. */
const settled = async (): Promise<void> => {
  for (let round = 0; round < 50; round++) await nextRound();
};

test("Tails hands what arrives to each query once, and the same chunk to all who follow it", async () => {
  const tails = new Tails();
  const got: Arrived[][] = [[], [], []];
  const followed = [`{job="app"} |= "one"`, `{job="app"} |= "one"`, `{job="db"}`];
  const ends = followed.map((text, i) =>
    tails.follow("t", text, following(text), {
      arrived: (chunk) => got[i]?.push(chunk),
      skipped: () => {},
      failed: () => {},
    }),
  );
  expect(tails.size()).toEqual({ followers: 3, queries: 2 });
  tails.arrived("t", batchOf({ job: "app" }, "one", "two", "another one"));
  tails.arrived("t", batchOf({ job: "db" }, "three"));
  tails.arrived("other", batchOf({ job: "db" }, "of another tenant"));
  await settled();
  expect(got.map(linesOf)).toEqual([["one", "another one"], ["one", "another one"], ["three"]]);
  expect(got[0]?.[0]).toBe(got[1]?.[0] ?? { entries: [] });
  for (const end of ends) end();
  expect(tails.size()).toEqual({ followers: 0, queries: 0 });
});

const broken = () => ({
  concerns: () => true,
  read: async () => {
    throw new Error("broken");
  },
});
test("Tails tells followers of a query that fails", async () => {
  const tails = new Tails();
  const failures: string[] = [];
  const follower = {
    arrived: () => {},
    skipped: () => {},
    failed: (message: string) => void failures.push(message),
  };
  tails.follow("t", "q", broken, follower);
  tails.arrived("t", batchOf({}, "one"));
  await settled();
  expect(failures).toEqual(["broken"]);
});

test("Tails skips the oldest where a query reads slower than records arrive, and says how many", async () => {
  const tails = new Tails();
  const reading = Promise.withResolvers<void>();
  let read = 0;
  let skipped = 0;
  const open = () => ({
    concerns: () => true,
    read: async (batch: LogsBatch) => {
      await reading.promise;
      read += batch.streamOf.length;
      return [];
    },
  });
  tails.follow("t", "q", open, {
    arrived: () => {},
    skipped: (records) => void (skipped += records),
    failed: () => {},
  });
  const large = { ...batchOf({}), streamOf: new Uint32Array(200_000) };
  for (let i = 0; i < 5; i++) tails.arrived("t", large);
  reading.resolve();
  await settled();
  // One is being read, two more fit.
  expect({ read, skipped }).toEqual({ read: 600_000, skipped: 400_000 });
});

const thousand = (name: string) => ({
  entries: Array.from({ length: 1_000 }, (_, i) => entry(`${name} ${i}`)),
});
test("TailBuffer lets the oldest go where it is full, and lists them", () => {
  const buffer = new TailBuffer(() => 8 * 1_024 ** 2);
  for (let i = 0; i < 12; i++)
    expect(buffer.add(thousand(`chunk ${i}`), i)).toBe(i < 10 ? 0 : 1_000);
  const { chunks, dropped, droppedCount } = buffer.take();
  expect([chunks.length, dropped.length, droppedCount]).toEqual([10, 1_000, 2_000]);
  expect([linesOf(chunks)[0], dropped[0]?.body]).toEqual(["chunk 2 0", "chunk 0 0"]);
  expect(buffer.take()).toEqual({ chunks: [], dropped: [], droppedCount: 0 });
});

type Opened = {
  session: TailSession;
  sent: Taken[];
  sink: { isReady: boolean };
  failures: string[];
  warnings: string[];
};
function opened(
  tails: Tails,
  history: () => Promise<readonly LogEntry[]>,
  delayMs = 0,
  historyKey = "all",
  lacking: readonly string[] = [],
): Opened {
  const sent: Taken[] = [];
  const failures: string[] = [];
  const warnings: string[] = [];
  const sink = { isReady: true };
  const query = `{job="app"}`;
  const read = async () => ({ entries: await history(), warnings: lacking });
  const session = new TailSession(
    { tenant: "t", query, open: following(query), history: read, historyKey, delayMs },
    {
      isReady: () => sink.isReady,
      send: (taken) => void sent.push(taken),
      warn: (texts) => void warnings.push(...texts),
      failed: (message) => void failures.push(message),
    },
    tails,
    () => {},
  );
  return { session, sent, sink, failures, warnings };
}
const sentLines = (sent: readonly Taken[]) => sent.flatMap(({ chunks }) => linesOf(chunks));

test("TailSession warns once of what its history lacks, before the history, and goes on", async () => {
  const tails = new Tails();
  const lacking = ["block 1 is damaged", "block 2 is damaged"];
  const { session, sent, warnings, failures } = opened(tails, async () => [], 0, "all", lacking);
  await session.start();
  tails.arrived("t", batchOf({ job: "app" }, "new"));
  await settled();
  expect(sentLines(sent)).toEqual(["new"]);
  expect(warnings).toEqual(lacking);
  expect(failures).toEqual([]);
  session.close();
});

test("TailSession gives what there is and what arrives meanwhile, each once", async () => {
  const tails = new Tails();
  const history = Promise.withResolvers<readonly LogEntry[]>();
  const { session, sent } = opened(tails, () => history.promise);
  const started = session.start();
  tails.arrived("t", batchOf({ job: "app" }, "in both", "only new"));
  await settled();
  expect(sent).toEqual([]);
  history.resolve([entry("old", 5n), entry("in both", 1_000_000_000n)]);
  await started;
  tails.arrived("t", batchOf({ job: "app" }, "later"));
  await settled();
  expect(sentLines(sent)).toEqual(["old", "in both", "only new", "later"]);
  session.close();
  tails.arrived("t", batchOf({ job: "app" }, "too late"));
  await settled();
  expect(sentLines(sent).at(-1)).toBe("later");
});

test("TailSession waits for a slow reader and tells it what it missed", async () => {
  const tails = new Tails();
  const { session, sent, sink } = opened(tails, async () => []);
  await session.start();
  sink.isReady = false;
  const lines = Array.from({ length: 12_000 }, (_, i) => `line ${i}`);
  tails.arrived("t", batchOf({ job: "app" }, ...lines));
  await settled();
  expect(sent).toEqual([]);
  sink.isReady = true;
  session.pump();
  expect([sent[0]?.droppedCount, sentLines(sent).length]).toEqual([2_000, 10_000]);
  expect(sentLines(sent).at(-1)).toBe("line 11999");
  session.close();
});

test("TailSession holds entries back and gives them in the order of their times", async () => {
  const tails = new Tails();
  const { session, sent } = opened(tails, async () => [], 500);
  await session.start();
  tails.arrived("t", {
    ...batchOf({ job: "app" }, "second"),
    timestampsMs: Float64Array.of(2_000),
  });
  tails.arrived("t", { ...batchOf({ job: "app" }, "first"), timestampsMs: Float64Array.of(1_000) });
  await settled();
  expect(sent).toEqual([]);
  while (sentLines(sent).length < 2) await settled();
  expect(sentLines(sent)).toEqual(["first", "second"]);
  session.close();
});

test("TailSession tells its reader of a history that can't be read", async () => {
  const tails = new Tails();
  const { session, failures } = opened(tails, async () => {
    throw new Error("no disk");
  });
  await session.start();
  expect([failures, tails.size().followers]).toEqual([["no disk"], 0]);
});

const historyOf = (lines: number, bytes: number) =>
  Array.from({ length: lines }, (_, i) => entry(`${i} ${"x".repeat(bytes)}`, BigInt(i)));

test("TailSession sends history as its reader takes it, and what arrived meanwhile after it", async () => {
  const tails = new Tails();
  const { session, sent, sink } = opened(tails, async () => historyOf(2_500, 10));
  sink.isReady = false;
  await session.start();
  tails.arrived("t", batchOf({ job: "app" }, "new"));
  await settled();
  expect(sent).toEqual([]);
  expect(tails.histories.size().heldBytes).toBeGreaterThan(1_000_000);
  sink.isReady = true;
  session.pump();
  expect(sent.map(({ chunks }) => linesOf(chunks).length)).toEqual([1_000, 1_000, 500, 1]);
  expect(sentLines(sent).at(-1)).toBe("new");
  expect(tails.histories.size()).toEqual({ waiting: 0, heldBytes: 0 });
  session.close();
});

test("TailHistories reads two at a time, and once for all who wait for the same", async () => {
  const tails = new Tails();
  let [reading, readingMost, reads] = [0, 0, 0];
  const history = async () => {
    reads++;
    readingMost = Math.max(readingMost, ++reading);
    await settled();
    reading--;
    return historyOf(1, 1);
  };
  const others = Array.from({ length: 10 }, (_, i) => opened(tails, history, 0, `${i}`));
  const same = Array.from({ length: 50 }, () => opened(tails, history, 0, "same"));
  const gone = opened(tails, history, 0, "gone");
  const all = [...others, ...same, gone].map(({ session }) => session.start());
  gone.session.close();
  await Promise.all(all);
  expect([readingMost, reads]).toEqual([2, 11]);
  for (const { sent } of [...others, ...same]) expect(sentLines(sent)).toHaveLength(1);
  expect(gone.sent).toEqual([]);
});

test("TailHistories gives up the oldest history where all hold too much, and notifies its reader", async () => {
  const tails = new Tails();
  const slow = Array.from({ length: 4 }, (_, i) =>
    opened(tails, async () => historyOf(1_000, 10_000), 0, `${i}`),
  );
  for (const { session, sink } of slow) {
    sink.isReady = false;
    await session.start();
  }
  expect(tails.histories.size().heldBytes).toBeLessThan(64 * 1_024 ** 2);
  for (const { session, sink } of slow) {
    sink.isReady = true;
    session.pump();
  }
  const outcomes = slow.map(({ sent }) => [
    sentLines(sent).length,
    sent.reduce((sum, { droppedCount }) => sum + droppedCount, 0),
  ]);
  expect(outcomes).toEqual([
    [0, 1_000],
    [0, 1_000],
    [1_000, 0],
    [1_000, 0],
  ]);
  expect(tails.histories.size().heldBytes).toBe(0);
  for (const { session } of slow) session.close();
  expect(tails.size().followers).toBe(0);
});

test("Tails shares a bounded memory among its readers", () => {
  const tails = new Tails();
  const follower = { arrived: () => {}, skipped: () => {}, failed: () => {} };
  expect([tails.bufferBytesMax(), tails.unreadBytesMax()]).toEqual([8 * 1_024 ** 2, 512 * 1_024]);
  for (let i = 0; i < 500; i++) tails.follow("t", `q${i}`, following(`{job="app"}`), follower);
  expect(tails.bufferBytesMax() * 500).toBeLessThanOrEqual(96 * 1_024 ** 2);
  expect(tails.unreadBytesMax() * 500).toBeLessThanOrEqual(64 * 1_024 ** 2);
});
