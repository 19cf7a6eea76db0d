import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { LaneId } from "#proto/bus/agent_port.ts";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { scanParts, selectByScan } from "../read/log_parts.ts";
import type { LineFilter, LogRecord, LogSelectRequest } from "../read/source.ts";
import type { Head } from "../read/head.ts";
import { createHead } from "./head.ts";
import { streamLists } from "../query/stream_lists.ts";

const nowMs = 1_700_000_000_000;
const logLane: LaneId = { tenant: "acme", agent: "host-1", signal: "logs" };

function is(name: string, value: string, op: Matcher["op"] = "="): Matcher {
  return { name, op, value };
}

type Line = [ms: number, nanos: number, stream: Labels, body: string];

function logs(...lines: Line[]): LogsBatch {
  const streams = [...new Set(lines.map(([, , stream]) => stream))];
  const bodies = lines.map(([, , , body]) => Buffer.from(body));
  let end = 0;
  return {
    streams,
    streamOf: Uint32Array.from(lines, ([, , stream]) => streams.indexOf(stream)),
    timestampsMs: Float64Array.from(lines, ([ms]) => ms),
    nanos: Uint32Array.from(lines, ([, nanos]) => nanos),
    severities: Uint8Array.from(lines, () => 9),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
    attributes: lines.map(([, , , body]) => (body === "" ? undefined : { size: `${body.length}` })),
  };
}

async function recordsOf(head: Head, fields: Partial<LogSelectRequest> = {}): Promise<LogRecord[]> {
  const request = {
    tenant: "acme",
    matchers: [],
    lineFilters: [],
    startNs: 0n,
    endNs: 1_000_000_000n,
    limit: 100,
    direction: "forward" as const,
    ...fields,
  };
  const scan = { ...request, needs: { bodies: true, attributes: true } };
  return selectByScan(scanParts(head.logParts(scan), scan), request);
}

async function bodiesOf(
  head: Head,
  lineFilters: LineFilter[] = [],
  fields: Partial<LogSelectRequest> = {},
): Promise<string[]> {
  return (await recordsOf(head, { lineFilters, ...fields })).map(({ body }) => body);
}

describe("head, logs", () => {
  const a = { app: "a" };
  const b = { app: "b" };
  const filled = async () => {
    const head = createHead();
    head.appendLogs(logLane, logs([5, 1, a, "foo bar"], [5, 0, b, "ba"], [9, 0, a, "r"]), nowMs);
    await head.freeze("all");
    head.appendLogs(logLane, logs([7, 0, b, "bar foo"], [5, 1, a, "same time"]), nowMs);
    return head;
  };
  test("come back in order of time from both generations, up to the limit", async () => {
    const head = await filled();
    const forward = ["ba", "foo bar", "same time", "bar foo", "r"];
    expect(await bodiesOf(head)).toEqual(forward);
    expect(await bodiesOf(head, [], { direction: "backward" })).toEqual(forward.toReversed());
    expect(await bodiesOf(head, [], { limit: 2 })).toEqual(forward.slice(0, 2));
    expect(await bodiesOf(head, [], { limit: 2, direction: "backward" })).toEqual(["r", "bar foo"]);
    expect(await bodiesOf(head, [], { tenant: "other" })).toEqual([]);
    head.release();
    expect(await bodiesOf(head)).toEqual(["same time", "bar foo"]);
  });

  test("are bounded by start, inclusive, and end, exclusive, to the nanosecond", async () => {
    const head = await filled();
    expect(await bodiesOf(head, [], { startNs: 5_000_001n, endNs: 7_000_000n })).toEqual([
      "foo bar",
      "same time",
    ]);
    expect(await bodiesOf(head, [], { startNs: 5_000_002n, endNs: 7_000_001n })).toEqual([
      "bar foo",
    ]);
  });

  test("carry stream, severity, attributes and the whole time", async () => {
    const head = await filled();
    const [record] = await recordsOf(head, {
      matchers: [is("app", "a", "=~")],
      endNs: 10_000_000n,
      limit: 1,
    });
    expect(record).toEqual({
      timestampNs: 5_000_001n,
      stream: a,
      body: "foo bar",
      severity: 9,
      attributes: { size: "7" },
    });
  });

  test("are filtered by what a line holds, never across two lines", async () => {
    const head = await filled();
    expect(await bodiesOf(head, [{ op: "|=", values: ["bar"] }])).toEqual(["foo bar", "bar foo"]);
    expect(await bodiesOf(head, [{ op: "|=", values: ["bar", "same"] }])).toHaveLength(3);
    expect(await bodiesOf(head, [{ op: "!=", values: ["bar", "same"] }])).toEqual(["ba", "r"]);
    expect(await bodiesOf(head, [{ op: "|~", values: ["^b", "r$"] }])).toEqual([
      "ba",
      "foo bar",
      "bar foo",
      "r",
    ]);
    expect(
      await bodiesOf(head, [
        { op: "!~", values: ["o"] },
        { op: "|=", values: ["a"] },
      ]),
    ).toEqual(["ba", "same time"]);
    expect(await bodiesOf(head, [{ op: "|=", values: [""] }])).toHaveLength(5);
  });

  test("agree with a plain search, whatever the lines and the needle are", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 20 }), text, async (lines, needle) => {
        const head = createHead();
        head.appendLogs(logLane, logs(...lines.map((l, i): Line => [i, 0, a, l])), nowMs);
        const want = lines.filter((line) => line.includes(needle));
        expect(await bodiesOf(head, [{ op: "|=", values: [needle] }])).toEqual(want);
      }),
    );
  });

  test("list their streams; records too far ahead are dropped and counted", async () => {
    const head = await filled();
    const request = { tenant: "acme", selectors: [], startMs: 0, endMs: 6 };
    const { series } = streamLists(async (some, visit) => head.eachStream(some, visit));
    expect(await series(request)).toEqual([a, b]);
    expect(await series({ ...request, selectors: [[is("app", "b")]] })).toEqual([b]);
    expect(await series({ ...request, startMs: 8, endMs: 9 })).toEqual([a]);
    const batch = logs([1, 0, a, "kept"], [nowMs + 600_001, 0, a, "not"], [2, 0, b, "kept too"]);
    expect(head.appendLogs(logLane, batch, nowMs)).toEqual({ out_of_bounds_timestamp: 1 });
    expect(await bodiesOf(head)).toContain("kept too");
    expect(head.size().items.of("logs")).toBe(7);
  });
});
