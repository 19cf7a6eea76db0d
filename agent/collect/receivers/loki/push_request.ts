import { fromBinary } from "@bufbuild/protobuf";
import { z } from "zod";
import { unpackSnappy } from "#proto/codec/snappy_block.ts";
import { PushRequestSchema } from "#proto/gen/foreign/loki_push_pb.js";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { BodyError, type TakeMemory } from "../body.ts";
import { takeProtobufParts } from "../request_parts.ts";
import { checkStreamLabels, parseStreamLabels } from "./stream_labels.ts";

export type PushedStream = {
  /** Or why they are no labels of a stream. */
  readonly labels: Labels | BodyError;
  readonly entries: readonly PushedEntry[];
};
export type PushedEntry = {
  readonly unixNanos: bigint;
  readonly line: string;
  readonly metadata: Labels;
};

const nanosText = z.string().regex(/^\d{1,19}$/, "expected nanoseconds as text");
const Value = z.union([
  z.tuple([nanosText, z.string()]),
  z.tuple([nanosText, z.string(), z.record(z.string(), z.unknown())]),
]);
const JsonPush = z.object({
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
});

/** Streams of a JSON push. Throws BodyError(400). */
export function readJsonPush(body: Uint8Array): PushedStream[] {
  const parsed = JsonPush.safeParse(jsonOf(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BodyError(400, `push at ${issue?.path.join(".")}: ${issue?.message}`);
  }
  return parsed.data.streams.map((stream) => {
    if ("labels" in stream)
      return {
        labels: orFault(() => parseStreamLabels(stream.labels)),
        entries: stream.entries.map(({ ts, line }) => ({
          unixNanos: nanosOf(ts),
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

/** Streams of a protobuf push, a snappy block of at most `bytesMax` unpacked. Throws BodyError(400), OperatingError("bad_request"). */
export function readProtobufPush(
  packed: Uint8Array,
  bytesMax: number,
  take: TakeMemory,
): PushedStream[] {
  const bytes = unpackSnappy(packed, bytesMax);
  take(bytes.length);
  takeProtobufParts(bytes, PushRequestSchema, take);
  return decoded(bytes).streams.map(({ labels, entries }) => ({
    labels: orFault(() => parseStreamLabels(labels)),
    entries: entries.map(({ timestamp, line, structuredMetadata }) => ({
      unixNanos: (timestamp?.seconds ?? 0n) * 1_000_000_000n + BigInt(timestamp?.nanos ?? 0),
      line,
      metadata: Object.fromEntries(structuredMetadata.map(({ name, value }) => [name, value])),
    })),
  }));
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
function nanosOf(text: string): bigint {
  const parts = /^(.{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const secondMs = Date.parse(`${parts?.[1]}${parts?.[3]}`);
  if (parts === null || Number.isNaN(secondMs))
    throw new BodyError(400, `time ${JSON.stringify(text.slice(0, 100))}: expected RFC 3339`);
  return BigInt(secondMs) * 1_000_000n + BigInt((parts[2] ?? "").padEnd(9, "0"));
}
