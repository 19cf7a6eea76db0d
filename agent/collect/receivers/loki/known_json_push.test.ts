import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { atOnce } from "../transport/decode_turns.ts";
import { LabelNames } from "../otlp/label_names.ts";
import { Held } from "../receiver.fixture.ts";
import { KnownJsonPush } from "./known_json_push.ts";
import { readJsonPush } from "./push_request.ts";
import { PushedLines } from "./pushed_lines.ts";
import { RecentLines } from "./recent_lines.ts";

const now = new Held().nowMs;
const at = `${now}123456`;

/** As senders write them. */
const usual = [
  {
    streams: [
      {
        stream: { app: "a" },
        values: [
          [at, "ERROR one"],
          [at, ""],
        ],
      },
    ],
  },
  {
    streams: [
      { stream: { app: "a", level: "warn" }, values: [[at, 'a "quoted"\tline\\ of höst 😀']] },
      {
        stream: { app: "b" },
        values: [
          ["7", "too old"],
          ["0", "timeless"],
        ],
      },
    ],
  },
  {
    streams: [
      {
        stream: { app: "a" },
        values: [
          [at, "with", { trace_id: "1", "http.method": "GET" }],
          [at, "with", { trace_id: "1", "http.method": "GET" }],
          [at, "other", { trace_id: 2, ok: true, none: null, severity: "error" }],
          [at, "no", {}],
        ],
      },
    ],
  },
  {
    streams: [
      { stream: {}, values: [[at, "no labels"]] },
      { stream: { app: "c" }, values: [] },
    ],
  },
  { streams: [] },
].map((push) => JSON.stringify(push));

/** The same in other words, and what is left to the parser. */
const others = [
  ` { "streams" : [ { "stream" : { "a" : "b" } , "values" : [ [ "${at}" , "spaces" ] ] } ] } \n`,
  `{"streams":[{"values":[["${at}","labels behind"]],"stream":{"a":"b"}}]}`,
  `{"streams":[{"stream":{"a":"b"},"values":[["${at}","nested",{"a":{"b":[1]}}]]}]}`,
  `{"streams":[{"stream":{"a":"1","a":"2"},"values":[["${at}","twice","more"]]}]}`,
  `{"streams":[{"stream":{"__proto__":"b"},"values":[["${at}","\\ud83d\\ude00 \\ud83d \\u0041"]]}]}`,
  `{"streams":[{"stream":{"a":"b"},"stream":{"a":"c"},"values":[["${at}","two"]]}]}`,
  `{"streams":[{"stream":{"a":"b"},"values":[["${at}","comma"],]}]}`,
  `{"streams":[{"stream":{"a":"b"},"values":[["${at}","behind"]]}]} x`,
  `{"streams":[{"stream":{"a":"b"},"values":[[${at},"number"]]}]}`,
  `{"streams":[{"stream":{"a":"b"},"values":[["${at}","\\x"]]}]}`,
  `{"streams":[{"stream":{"a":"b"},"values":[["${at}","control \n"]]}]}`,
  `{"streams":[{"labels":"{a=\\"b\\"}","entries":[{"ts":"2026-01-01T00:00:00Z","line":"legacy"}]}]}`,
];

function newLines(held: Held, recent: RecentLines): PushedLines {
  const names = new LabelNames({
    escapes: true,
    sanitizesUnderscore: false,
    preservesUnderscores: false,
  });
  const parts = { lineBytesMax: 1_000, multiline: undefined, recent, names };
  return new PushedLines({ ...parts, context: held.context() });
}

/** What becomes of each push, read by its bytes where that can be done, or parsed; each as the first. */
async function pushed(pushes: readonly Uint8Array[], byBytes: boolean): Promise<unknown[]> {
  const held = new Held();
  const known = new KnownJsonPush();
  const recent = new RecentLines();
  const answers: unknown[] = [];
  for (const bytes of pushes) {
    let lines = newLines(held, recent);
    try {
      if (!byBytes || !atOnce(known.read(bytes, lines, () => {}))) {
        lines.forget();
        lines = newLines(held, recent);
        atOnce(readJsonPush(bytes, lines, () => {}));
      }
      const answer = await lines.store();
      answers.push(answer.status, await answer.text());
    } catch (thrown) {
      answers.push(messageOf(thrown));
    }
    lines.forget();
  }
  return [answers, held.logs, held.drops, held.notStored];
}

test("JSON pushes are read by their bytes as they are parsed", async () => {
  const random = randomOf(fuzzSeed());
  const seeds = [...usual, ...others].map((text) => new Uint8Array(Buffer.from(text)));
  const changed = Array.from({ length: 3_000 }, () =>
    mutated(seeds[random(seeds.length)] ?? new Uint8Array(), random),
  );
  const pushes = [...seeds, ...changed];
  expect(await pushed(pushes, true)).toEqual(await pushed(pushes, false));
});
test("JSON as all senders write it is read by its bytes", () => {
  const held = new Held();
  const lines = newLines(held, new RecentLines());
  const known = new KnownJsonPush();
  for (const text of usual)
    expect(atOnce(known.read(Buffer.from(text), lines, () => {}))).toBe(true);
  expect(lines.entries).toBe(10);
});
test("what would take too long for one step, or too much memory, is left to the parser", () => {
  const held = new Held();
  const isRead = (text: string) => {
    const lines = newLines(held, new RecentLines());
    return atOnce(new KnownJsonPush().read(Buffer.from(text), lines, () => {}));
  };
  expect(isRead(`{"streams":${" ".repeat(1_000)}[]}`)).toBe(true);
  expect(isRead(`{"streams":${" ".repeat(100_000)}[]}`)).toBe(false);
  expect(isRead(`{"streams":[]}${" ".repeat(100_000)}`)).toBe(false);
  expect(isRead(streamsOf(10_000))).toBe(true);
  expect(isRead(streamsOf(10_001))).toBe(false);
  expect(isRead(valuesOf(100_000))).toBe(true);
  expect(isRead(valuesOf(100_001))).toBe(false);
});

function streamsOf(count: number): string {
  const streams = Array.from({ length: count }, () => ({ stream: {}, values: [] }));
  return JSON.stringify({ streams });
}

function valuesOf(count: number): string {
  const values = Array.from({ length: count }, () => [at, ""]);
  return JSON.stringify({ streams: [{ stream: { a: "b" }, values }] });
}
