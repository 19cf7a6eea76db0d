import { expect, test } from "bun:test";
import { create, fromBinary, fromJson, toBinary, toJson, type JsonValue } from "@bufbuild/protobuf";
import { AnyValueSchema, KeyValueSchema } from "#proto/gen/foreign/otlp_common_pb.js";
import {
  ExportLogsServiceRequestSchema,
  ExportLogsServiceResponseSchema,
} from "#proto/gen/foreign/otlp_logs_pb.js";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { Held } from "../receiver.fixture.ts";
import { LogsIntake } from "./logs_intake.ts";

const nowNanos = BigInt(new Held().nowMs) * 1_000_000n;
const textValue = (text: string) =>
  create(AnyValueSchema, { value: { case: "stringValue", value: text } });
const attribute = (key: string, text: string) =>
  create(KeyValueSchema, { key, value: textValue(text) });

function request(...records: object[]): Uint8Array {
  const resource = { attributes: [attribute("service.name", "shop"), attribute("os", "linux")] };
  const scopeLogs = [
    { scope: { name: "main", version: "1" }, logRecords: records },
    { logRecords: records },
  ];
  const resourceLogs = [{ resource, scopeLogs }, { scopeLogs }];
  const message = create(ExportLogsServiceRequestSchema, { resourceLogs });
  return toBinary(ExportLogsServiceRequestSchema, message);
}

const common = { timeUnixNano: nowNanos + 5n, attributes: [attribute("thread.name", "w1")] };
const seeds = [
  request(
    { ...common, body: textValue("ERROR it failed"), severityText: "warn" },
    { ...common, body: textValue("höst"), severityNumber: 9, traceId: new Uint8Array(16).fill(7) },
  ),
  request({ ...common, body: textValue(""), eventName: "e", spanId: new Uint8Array(8).fill(1) }),
  request({ observedTimeUnixNano: nowNanos, body: textValue("observed"), attributes: [] }),
  request({ timeUnixNano: 1n << 63n, body: textValue("late") }, { body: textValue("timeless") }),
  request({ ...common, severityNumber: 9 }),
];

/** What becomes of each request, read by its bytes where that can be done, or decoded. */
async function told(requests: readonly Uint8Array[], byBytes: boolean): Promise<unknown[]> {
  const held = new Held();
  const intake = new LogsIntake(held.context(), undefined);
  const answers: unknown[] = [];
  for (const bytes of requests) {
    try {
      const early = byBytes ? await intake.exportBytes(bytes) : undefined;
      const whole = () => intake.export(fromBinary(ExportLogsServiceRequestSchema, bytes), "hex");
      answers.push(toBinary(ExportLogsServiceResponseSchema, early ?? (await whole())));
    } catch (thrown) {
      answers.push(String(thrown));
    }
  }
  return [answers, held.logs, held.drops];
}

test("requests are read by their bytes as they are decoded", async () => {
  const random = randomOf(fuzzSeed());
  const requests = Array.from({ length: 1_500 }, () => {
    const seed = seeds[random(seeds.length)] ?? new Uint8Array();
    return random(2) === 0 ? seed : mutated(seed, random);
  });
  expect(await told(requests, true)).toEqual(await told(requests, false));
});
test("what nearly all senders send is read by its bytes", async () => {
  const intake = new LogsIntake(new Held().context(), undefined);
  for (const seed of seeds) expect(await intake.exportBytes(seed)).toBeDefined();
  const map = create(AnyValueSchema, { value: { case: "kvlistValue", value: { values: [] } } });
  expect(await intake.exportBytes(request({ body: map }))).toBeUndefined();
});

function isText(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

test("requests in JSON are read as they are decoded", async () => {
  const random = randomOf(fuzzSeed());
  const texts = seeds.map((seed) =>
    JSON.stringify(
      toJson(ExportLogsServiceRequestSchema, fromBinary(ExportLogsServiceRequestSchema, seed)),
    )
      // Ids are hexadecimal in OTLP's JSON.
      .replaceAll("BwcHBwcHBwcHBwcHBwcHBw==", "0A".repeat(16))
      .replaceAll("AQEBAQEBAQE=", "0b".repeat(8)),
  );
  const jsons = Array.from({ length: 3_000 }, () => {
    const text = texts[random(texts.length)] ?? "";
    return isText(
      random(2) === 0 ? text : Buffer.from(mutated(Buffer.from(text), random)).toString(),
    );
  }).filter((json) => json !== undefined);
  const outcomes = async (reads: boolean): Promise<unknown[]> => {
    const held = new Held();
    const intake = new LogsIntake(held.context(), undefined);
    const answers: unknown[] = [];
    for (const json of jsons) {
      try {
        const early = reads ? await intake.exportJson(json) : undefined;
        const whole = () =>
          intake.export(
            fromJson(ExportLogsServiceRequestSchema, json, { ignoreUnknownFields: true }),
            "base64",
          );
        answers.push(toBinary(ExportLogsServiceResponseSchema, early ?? (await whole())));
      } catch (thrown) {
        answers.push(String(thrown));
      }
    }
    return [answers, held.logs, held.drops];
  };
  expect(await outcomes(true)).toEqual(await outcomes(false));
});
