import { expect, test } from "bun:test";
import { create, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { PushRequestSchema } from "#proto/gen/foreign/loki_push_pb.js";
import { ExportLogsServiceRequestSchema } from "#proto/gen/foreign/otlp_logs_pb.js";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { type Steps, atOnce } from "./decode_turns.ts";
import { binarySteps, jsonSteps } from "./decode_steps.ts";
import { protobufParts } from "./request_parts.ts";

const text = (stringValue: string) => ({ stringValue });
const attributes = [{ key: "k", value: text("v") }];
const json = {
  resourceLogs: [
    {
      resource: { attributes },
      scopeLogs: [
        {
          scope: { name: "s" },
          logRecords: [{ body: text("one"), attributes }, { body: text("two") }, {}],
        },
        { scope: { name: "empty" } },
      ],
    },
    {},
  ],
};
const desc = ExportLogsServiceRequestSchema;
const bytes = toBinary(desc, fromJson(desc, json));

/** The outcome, or that there is none. */
function outcomeOf(read: () => Parameters<typeof toJson<typeof desc>>[1]): unknown {
  try {
    return toJson(desc, read());
  } catch {
    return "refused";
  }
}

function isCounted(message: Uint8Array): boolean {
  try {
    return protobufParts(message, desc) > 0;
  } catch {
    return false;
  }
}

test("binarySteps() decodes what fromBinary() decodes", () => {
  const random = randomOf(fuzzSeed());
  expect(outcomeOf(() => atOnce(binarySteps(desc, bytes)))).toEqual(json);
  for (let i = 0; i < 2_000; i++) {
    const changed = mutated(bytes, random);
    // Receivers count the parts of a message first, and so refuse wrong lengths.
    if (!isCounted(changed)) continue;
    const [stepped, whole] = [
      outcomeOf(() => atOnce(binarySteps(desc, changed, 0))),
      outcomeOf(() => fromBinary(desc, changed)),
    ];
    expect(stepped).toEqual(whole);
  }
});
test("jsonSteps() decodes what fromJson() decodes, by other names too", () => {
  const snake = { resource_logs: [{ scope_logs: [{ log_records: [{ body: text("x") }] }] }] };
  const both = { ...json, ...snake };
  const odd = [{ resourceLogs: {} }, { resourceLogs: [7] }, { resourceLogs: null }, [], "x", null];
  for (const given of [json, snake, both, { ...json, other: 1 }, {}, ...odd])
    expect(outcomeOf(() => atOnce(jsonSteps(desc, given, Infinity)))).toEqual(
      outcomeOf(() => fromJson(desc, given, { ignoreUnknownFields: true })),
    );
});
function pausesOf(steps: Steps<unknown>): number {
  let pauses = 0;
  while (steps.next().done !== true) pauses++;
  return pauses;
}

test("binarySteps() pauses for each record, whose own lists are empty too", () => {
  expect(pausesOf(binarySteps(desc, bytes, 0))).toBeGreaterThanOrEqual(3);
  const entries = Array.from({ length: 100 }, () => ({ line: "x" }));
  const push = create(PushRequestSchema, { streams: [{ labels: "{}", entries }] });
  const pushed = toBinary(PushRequestSchema, push);
  expect(pausesOf(binarySteps(PushRequestSchema, pushed, 0))).toBeGreaterThan(100);
});
