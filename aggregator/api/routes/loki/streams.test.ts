import { expect, test } from "bun:test";
import { beginTurn, turnsSoFar } from "#shared/async/turns.ts";
import type { LogEntry } from "../../../query/logql/evaluate.ts";
import { dataJson, streamsOf } from "./streams.ts";

const stream = { app: "shop" };

function entry(i: number, parsed: Readonly<Record<string, string>>): LogEntry {
  return {
    timestampNs: BigInt(i),
    body: `line ${i}`,
    severity: 0,
    stream,
    metadata: { pod: "a" },
    parsed,
  };
}

function beside(level: string) {
  return { structuredMetadata: { pod: "a" }, parsed: { level } };
}

test("entries come by stream, with what was parsed in its labels or beside the line", async () => {
  const entries = [
    entry(1, { level: "info" }),
    entry(2, { level: "warn" }),
    entry(3, { level: "info" }),
  ];
  const labels = { app: "shop", pod: "a" };
  const plain = [
    {
      stream: { ...labels, level: "info" },
      values: [
        ["1", "line 1"],
        ["3", "line 3"],
      ],
    },
    { stream: { ...labels, level: "warn" }, values: [["2", "line 2"]] },
  ];
  expect(streamsOf(entries, false)).toEqual(plain);
  const data = { resultType: "streams", entries } as const;
  expect(await dataJson(data, false)).toEqual({ resultType: "streams", result: plain });
  expect(await dataJson(data, true)).toEqual({
    resultType: "streams",
    encodingFlags: ["categorize-labels"],
    result: [
      {
        stream,
        values: [
          ["1", "line 1", beside("info")],
          ["2", "line 2", beside("warn")],
          ["3", "line 3", beside("info")],
        ],
      },
    ],
  });
});

test("lines of hundreds of labels are put together in many turns of the event loop", async () => {
  const parsed = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`label_${i}`, `${i}`]));
  const entries = Array.from({ length: 2_000 }, (_, i) => entry(i, { ...parsed, id: `${i}` }));
  beginTurn();
  const before = turnsSoFar();
  await dataJson({ resultType: "streams", entries }, false);
  expect(turnsSoFar() - before).toBeGreaterThan(5);
});
