import { type PushRequest, PushRequestSchema } from "#proto/gen/foreign/loki_push_pb.js";
import { messageOf } from "#shared/errors.ts";
import { BodyError, type TakeMemory } from "../transport/body.ts";
import { binarySteps } from "../transport/decode_steps.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { LineText, isNanos, msOf, nanosOf } from "../records/line_text.ts";
import { jsonBodySteps } from "../transport/json_steps.ts";
import { takeProtobufSteps } from "../transport/request_parts.ts";
import {
  type PushedEntry,
  type PushedStream,
  checkedStreams,
  isObject,
  textsOf,
} from "./checked_push.ts";
import { type PushedLines, noMetadata } from "./pushed_lines.ts";
import { checkStreamLabels, orFault, streamLabels } from "./stream_labels.ts";

/** Read without a look at the clock. */
const entriesPerStep = 32;
/** Labels and metadata are bounded to less. */
const textBytesMax = 256 * 1024;

/** Reads a JSON push into lines. Throws BodyError(400), and then nothing was added, TooLargeError, OperatingError("overloaded"). */
export function* readJsonPush(body: Uint8Array, lines: PushedLines, take: TakeMemory): Steps {
  // What is longer is refused, and none of it need be decoded.
  const stringBytesMax = 1 + Math.max(lines.lineBytesMax, textBytesMax);
  // Bytes that are no UTF-8 become U+FFFD: one line of them is no reason to refuse the others.
  const options = { take, isFatal: false, stringBytesMax };
  const json = yield* jsonBodySteps(body, options, "body is not JSON");
  yield;
  if (!isUsual(json)) {
    yield;
    return yield* addStreams(checkedStreams(json), lines);
  }
  const text = new LineText();
  for (const { stream, values } of json.streams) {
    lines.stream(orFault(() => checkStreamLabels(Object.entries(stream))));
    yield;
    for (const [at, line, metadata] of values) {
      if (lines.entries % entriesPerStep === 0) yield;
      text.set(line);
      const own = metadata === undefined ? noMetadata : lines.metadata(textsOf(metadata));
      lines.add(msOf(at), nanosOf(at), text.bytes, 0, text.length, own);
    }
  }
}

type UsualPush = {
  readonly streams: readonly {
    readonly stream: Record<string, string>;
    readonly values: readonly (readonly [string, string, Record<string, unknown>?])[];
  }[];
};

/** Whether it is what the schema asks for, which takes longer to tell, and tells what is wrong; not the form of the legacy path. */
function isUsual(json: unknown): json is UsualPush {
  if (!isObject(json) || !Array.isArray(json["streams"])) return false;
  return json["streams"].every(
    (given: unknown) =>
      isObject(given) &&
      !("labels" in given) &&
      isObject(given["stream"]) &&
      Object.values(given["stream"]).every((value) => typeof value === "string") &&
      Array.isArray(given["values"]) &&
      given["values"].every(isUsualValue),
  );
}

/** Objects among metadata may be nested deeper than the stack reaches, which is told in checkedStreams(). */
function isUsualValue(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) return false;
  const [at, line, metadata]: unknown[] = value;
  if (typeof at !== "string" || typeof line !== "string" || !isNanos(at)) return false;
  if (value.length === 2) return true;
  return isObject(metadata) && Object.values(metadata).every((one) => typeof one === "string");
}

/** Adds what was decoded as a whole. */
export function* addStreams(streams: readonly PushedStream[], lines: PushedLines): Steps {
  for (const { labels, entries } of streams) {
    lines.stream(labels);
    yield;
    for (const { unixNanos, line, metadata } of entries) {
      if (lines.entries % entriesPerStep === 0) yield;
      const body = Buffer.from(line);
      const ms = Number(unixNanos / 1_000_000n);
      const nanos = Number(unixNanos % 1_000_000n);
      lines.add(ms, nanos, body, 0, body.length, lines.metadata(metadata));
    }
  }
}

/** Streams of a protobuf push, unpacked. Throws BodyError(400), OperatingError("bad_request", "overloaded"). */
export function* readProtobufPush(bytes: Uint8Array, take: TakeMemory): Steps<PushedStream[]> {
  yield* takeProtobufSteps(bytes, PushRequestSchema, take);
  const streams: PushedStream[] = [];
  for (const { labels, entries } of (yield* decoded(bytes)).streams) {
    const pushed: PushedEntry[] = [];
    yield;
    for (const { timestamp, line, structuredMetadata } of entries) {
      yield;
      pushed.push({
        unixNanos: (timestamp?.seconds ?? 0n) * 1_000_000_000n + BigInt(timestamp?.nanos ?? 0),
        line,
        metadata: Object.fromEntries(structuredMetadata.map(({ name, value }) => [name, value])),
      });
    }
    streams.push({ labels: streamLabels(labels), entries: pushed });
  }
  return streams;
}

function* decoded(bytes: Uint8Array): Steps<PushRequest> {
  try {
    return yield* binarySteps(PushRequestSchema, bytes);
  } catch (cause) {
    throw new BodyError(400, `request is not a valid message: ${messageOf(cause)}`, { cause });
  }
}
