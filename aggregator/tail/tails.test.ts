import { expect, test } from "bun:test";
import type { LogsBatch } from "#shared/model/logs.ts";
import { defaultLogqlLimits } from "../query/logql/evaluate.ts";
import { parseLogql } from "../query/logql/parse.ts";
import type { LogEntry } from "../query/logql/evaluate.ts";
import { batchSource } from "./batch_source.ts";
import { followQuery } from "./follow_query.ts";
import { type Taken, TailBuffer } from "./tail_buffer.ts";
import { TailSession } from "./tail_session.ts";
import { type Arrived, Tails } from "./tails.ts";
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
/** Long enough for what was started to be done. */
const settled = () => Bun.sleep(5);

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
  const buffer = new TailBuffer();
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
};
function opened(tails: Tails, history: () => Promise<readonly LogEntry[]>, delayMs = 0): Opened {
  const sent: Taken[] = [];
  const failures: string[] = [];
  const sink = { isReady: true };
  const query = `{job="app"}`;
  const session = new TailSession(
    { tenant: "t", query, open: following(query), history, delayMs },
    {
      isReady: () => sink.isReady,
      send: (taken) => void sent.push(taken),
      failed: (message) => void failures.push(message),
    },
    () => {},
  );
  return { session, sent, sink, failures };
}
const sentLines = (sent: readonly Taken[]) => sent.flatMap(({ chunks }) => linesOf(chunks));

test("TailSession gives what there is and what arrives meanwhile, each once", async () => {
  const tails = new Tails();
  const history = Promise.withResolvers<readonly LogEntry[]>();
  const { session, sent } = opened(tails, () => history.promise);
  const started = session.start(tails);
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
  await session.start(tails);
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
  const { session, sent } = opened(tails, async () => [], 60);
  await session.start(tails);
  tails.arrived("t", {
    ...batchOf({ job: "app" }, "second"),
    timestampsMs: Float64Array.of(2_000),
  });
  tails.arrived("t", { ...batchOf({ job: "app" }, "first"), timestampsMs: Float64Array.of(1_000) });
  await settled();
  expect(sent).toEqual([]);
  await Bun.sleep(100);
  expect(sentLines(sent)).toEqual(["first", "second"]);
  session.close();
});

test("TailSession tells its reader of a history that can't be read", async () => {
  const tails = new Tails();
  const { session, failures } = opened(tails, async () => {
    throw new Error("no disk");
  });
  await session.start(tails);
  expect([failures, tails.size().followers]).toEqual([["no disk"], 0]);
});
