import { expect, test } from "bun:test";
import type { DescMessage } from "@bufbuild/protobuf";
import { PushRequestSchema } from "#proto/gen/foreign/loki_push_pb.js";
import { ExportMetricsServiceRequestSchema } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { wire } from "../receiver.fixture.ts";
import { takeJsonParts, takeProtobufParts } from "./request_parts.ts";

const bytesPerPart = 400;

function partsOf(count: (take: (bytes: number) => void) => void): number {
  let taken = 0;
  count((bytes) => {
    taken += bytes;
  });
  return taken / bytesPerPart;
}
const ofProtobuf = (bytes: Uint8Array, desc: DescMessage = ExportMetricsServiceRequestSchema) =>
  partsOf((take) => takeProtobufParts(bytes, desc, take));
const ofJson = (text: string) => partsOf((take) => takeJsonParts(Buffer.from(text), take));

test("takeProtobufParts() counts messages by their descriptors, and four numbers of a list as one", () => {
  const entry = wire.message(2, wire.bytes(2, "a line that holds \n\u0002bytes like a message"));
  const push = wire.message(1, wire.bytes(1, '{a="b"}'), entry, entry);
  expect(ofProtobuf(push, PushRequestSchema)).toBe(4);
  const counts = wire.bytes(6, new Uint8Array(8 * 8));
  const histogram = wire.message(9, wire.message(1, counts));
  // Request, resource, scope, metric, histogram and point are six, eight counts two more.
  expect(ofProtobuf(wire.message(1, wire.message(2, wire.message(2, histogram))))).toBe(8);
  expect(ofProtobuf(wire.bytes(99, "unknown"))).toBe(1);
});
test("takeJsonParts() counts objects, lists and a quarter of the commas, none of them in strings", () => {
  expect(ofJson('{"a":[1,2,3,4,5],"b\\\\":{}}')).toBe(5);
  expect(ofJson(String.raw`{"a":"[{,\",[{\\","b":"}`)).toBe(2);
  expect(ofJson('"')).toBe(0);
});
test("both refuse half a million parts and more by 413", () => {
  expect(() => ofProtobuf(new Uint8Array(1_000_000).fill(0x0a))).toThrow("truncated field");
  const empty = Buffer.alloc(1_000_100, Buffer.from([0x0a, 0]));
  expect(() => ofProtobuf(empty)).toThrow("more than 500000 messages");
  expect(() => ofJson("[]".repeat(500_001))).toThrow("more than 500000 messages");
});
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

test("takeJsonParts() refuses what is nested too deep", () => {
  expect(ofJson(`{"a":"${"[".repeat(2_000)}","b":${nested(999)}}`)).toBe(1_001);
  expect(() => ofJson(nested(1_001))).toThrow("nested deeper than 1000");
});
test("takeProtobufParts() refuses what is nested too deep, and fields that end beyond their message", () => {
  let value = wire.bytes(1, "x");
  for (let depth = 0; depth < 60; depth++) value = wire.message(5, wire.message(1, value));
  const attribute = wire.message(1, wire.bytes(1, "k"), wire.message(2, value));
  expect(() => ofProtobuf(wire.message(1, wire.message(1, attribute)))).toThrow("deeper than 100");
  expect(() => ofProtobuf(wire.bytes(1, new Uint8Array([0x0a, 9])))).toThrow("truncated field");
});
