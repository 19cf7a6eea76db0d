import { fromBinary } from "@bufbuild/protobuf";
import { z } from "zod";
import { PushRequestSchema } from "#proto/gen/foreign/loki_push_pb.js";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { BodyError, type TakeMemory } from "../body.ts";
import { LineText, isNanos, msOf, nanosOf } from "../line_text.ts";
import { takeProtobufParts } from "../request_parts.ts";
import { type PushedLines, noMetadata } from "./pushed_lines.ts";
import { checkStreamLabels, parseStreamLabels } from "./stream_labels.ts";

export type PushedStream = {
  /** Or why they are no labels of a stream. */
  readonly labels: Labels | BodyError;
  readonly entries: readonly PushedEntry[];
};
type PushedEntry = {
  readonly unixNanos: bigint;
  readonly line: string;
  readonly metadata: Labels;
};

const nanosText = z.string().regex(/^\d{1,19}$/, "expected nanoseconds as text");
const Value = z.lazy(() =>
  z.union([
    z.tuple([nanosText, z.string()]),
    z.tuple([nanosText, z.string(), z.record(z.string(), z.unknown())]),
  ]),
);
const JsonPush = z.lazy(() =>
  z.object({
    streams: z.array(
      z.union([
        z.object({ stream: z.record(z.string(), z.string()), values: z.array(Value) }),
        // The form of the legacy path.
        z.object({
          labels: z.string(),
          entries: z.array(z.object({ ts: z.string(), line: z.string() })),
        }),
      ]),
    ),
  }),
);

/** Reads a JSON push into lines. Throws BodyError(400), and then nothing was added. */
export function readJsonPush(body: Uint8Array, lines: PushedLines): void {
  const json = jsonOf(body);
  if (!isUsual(json)) {
    addStreams(checkedStreams(json), lines);
    return;
  }
  const text = new LineText();
  for (const { stream, values } of json.streams) {
    lines.stream(orFault(() => checkStreamLabels(Object.entries(stream))));
    for (const [at, line, metadata] of values) {
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
export function addStreams(streams: readonly PushedStream[], lines: PushedLines): void {
  for (const { labels, entries } of streams) {
    lines.stream(labels);
    for (const { unixNanos, line, metadata } of entries) {
      const body = Buffer.from(line);
      const ms = Number(unixNanos / 1_000_000n);
      const nanos = Number(unixNanos % 1_000_000n);
      lines.add(ms, nanos, body, 0, body.length, lines.metadata(metadata));
    }
  }
}

function checkedStreams(json: unknown): PushedStream[] {
  const parsed = JsonPush.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BodyError(400, `push at ${issue?.path.join(".")}: ${issue?.message}`);
  }
  return parsed.data.streams.map((stream) => {
    if ("labels" in stream)
      return {
        labels: streamLabels(stream.labels),
        entries: stream.entries.map(({ ts, line }) => ({
          unixNanos: nanosOfTime(ts),
          line,
          metadata: {},
        })),
      };
    return {
      labels: orFault(() => checkStreamLabels(Object.entries(stream.stream))),
      entries: stream.values.map(([at, line, metadata = {}]) => ({
        unixNanos: BigInt(at),
        line,
        metadata: textsOf(metadata),
      })),
    };
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Metadata is texts; Loki takes other values as they are written, and so clients send numbers. */
function textsOf(metadata: Readonly<Record<string, unknown>>): Labels {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata))
    texts[name] = typeof value === "string" ? value : jsonText(name, value);
  return texts;
}

function jsonText(name: string, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    // Nested deeper than the engine's stack.
    throw new BodyError(400, `metadata ${JSON.stringify(name)} can't be read`, { cause });
  }
}

/** Streams of a protobuf push, unpacked. Throws BodyError(400), OperatingError("bad_request", "overloaded"). */
export function readProtobufPush(bytes: Uint8Array, take: TakeMemory): PushedStream[] {
  takeProtobufParts(bytes, PushRequestSchema, take);
  return decoded(bytes).streams.map(({ labels, entries }) => ({
    labels: streamLabels(labels),
    entries: entries.map(({ timestamp, line, structuredMetadata }) => ({
      unixNanos: (timestamp?.seconds ?? 0n) * 1_000_000_000n + BigInt(timestamp?.nanos ?? 0),
      line,
      metadata: Object.fromEntries(structuredMetadata.map(({ name, value }) => [name, value])),
    })),
  }));
}

/** Labels of a stream in LogQL's form, or why they are none. */
export function streamLabels(text: string): Labels | BodyError {
  return orFault(() => parseStreamLabels(text));
}

/** One stream's labels are no fault of the others. */
function orFault(read: () => Labels): Labels | BodyError {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof BodyError) return thrown;
    throw thrown;
  }
}

function decoded(bytes: Uint8Array) {
  try {
    return fromBinary(PushRequestSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new BodyError(400, `request is not a valid message: ${messageOf(cause)}`, { cause });
  }
}

/** Bytes that are no UTF-8 become U+FFFD: one line of them is no reason to refuse the others. */
function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new BodyError(400, "body is not JSON", { cause });
  }
}

/** RFC 3339, with up to nine digits of a second. */
function nanosOfTime(text: string): bigint {
  const parts = /^(.{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const secondMs = Date.parse(`${parts?.[1]}${parts?.[3]}`);
  if (parts === null || Number.isNaN(secondMs))
    throw new BodyError(400, `time ${JSON.stringify(text.slice(0, 100))}: expected RFC 3339`);
  return BigInt(secondMs) * 1_000_000n + BigInt((parts[2] ?? "").padEnd(9, "0"));
}
