import { fromBinary } from "@bufbuild/protobuf";
import {
  ReadMatcherType,
  type ReadQuery,
  type ReadRequest,
  ReadRequestSchema,
  ReadResponseType,
} from "#proto/gen/foreign/prometheus_read_pb.js";
import { unpackSnappy } from "#proto/codec/snappy_block.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Matcher } from "#shared/model/labels.ts";

const bodyBytesMax = 32 * 1_024 * 1_024;
const queriesMax = 1_000;

export type RemoteRead = {
  readonly queries: readonly RemoteQuery[];
  /** The first of the accepted ones that we have; and whether samples would do, too. */
  readonly answer: "samples" | "chunks";
  readonly takesSamples: boolean;
};
/** Unix milliseconds, both inclusive. */
export type RemoteQuery = {
  readonly startMs: number;
  readonly endMs: number;
  readonly matchers: readonly Matcher[];
};

/** Unpacks and checks a request body. Throws OperatingError("bad_request"). */
export function readRequestOf(body: Uint8Array): RemoteRead {
  if (body.length > bodyBytesMax)
    throw bad(`body of ${body.length} bytes, at most ${bodyBytesMax}`);
  const { queries, acceptedResponseTypes } = decoded(unpackSnappy(body, bodyBytesMax));
  if (queries.length > queriesMax)
    throw bad(`${queries.length} queries, at most ${queriesMax} are taken`);
  const accepted =
    acceptedResponseTypes.length === 0 ? [ReadResponseType.SAMPLES] : acceptedResponseTypes;
  const type = accepted.find((one) => one in ReadResponseType);
  if (type === undefined)
    throw bad(
      `server does not support any of the requested response types: ${accepted.join(", ")}; supported: SAMPLES, STREAMED_XOR_CHUNKS`,
    );
  return {
    queries: queries.map(queryOf),
    answer: type === ReadResponseType.SAMPLES ? "samples" : "chunks",
    takesSamples: accepted.includes(ReadResponseType.SAMPLES),
  };
}

function decoded(bytes: Uint8Array): ReadRequest {
  try {
    return fromBinary(ReadRequestSchema, bytes);
  } catch (cause) {
    throw new OperatingError("bad_request", "body is no ReadRequest", { cause });
  }
}

const ops = {
  [ReadMatcherType.EQ]: "=",
  [ReadMatcherType.NEQ]: "!=",
  [ReadMatcherType.RE]: "=~",
  [ReadMatcherType.NRE]: "!~",
} as const;

function queryOf({ startTimestampMs, endTimestampMs, matchers }: ReadQuery): RemoteQuery {
  return {
    startMs: Number(startTimestampMs),
    endMs: Number(endTimestampMs),
    matchers: matchers.map(({ type, name, value }) => {
      const op: Matcher["op"] | undefined = ops[type];
      if (op === undefined) throw bad(`invalid matcher type ${String(type)}`);
      return { name, op, value };
    }),
  };
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}
