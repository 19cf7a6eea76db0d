import {
  type DescMessage,
  type JsonValue,
  type MessageShape,
  create,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { StatusSchema } from "#proto/gen/foreign/otlp_common_pb.js";
import { messageOf } from "#shared/errors.ts";
import {
  BodyError,
  type BodyLimits,
  type TakeMemory,
  unpackedBody,
  withBody,
} from "../transport/body.ts";
import { binarySteps, jsonSteps } from "../transport/decode_steps.ts";
import { type Steps, inSlices } from "../transport/decode_turns.ts";
import { type Refusal, refusalOf } from "../transport/refusal.ts";
import { jsonBodySteps } from "../transport/json_steps.ts";
import { takeProtobufSteps } from "../transport/request_parts.ts";

export type Format = "protobuf" | "json";

const mediaTypes: Readonly<Record<Format, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};
const notValid = "request is not a valid";
/** Codes of google.rpc.Status. */
const statusCodes = { invalidArgument: 3, unavailable: 14 } as const;

export type ExportCall<Request extends DescMessage, Response extends DescMessage> = {
  readonly request: Request;
  readonly response: Response;
  readonly limits: BodyLimits;
  run(request: MessageShape<Request>, format: Format): Promise<MessageShape<Response>>;
  /** Reads a request in protobuf without decoding it; resolves to undefined where it has to be. */
  runBytes?(request: Uint8Array): Promise<MessageShape<Response> | undefined>;
  /** The same of one in JSON. */
  runJson?(request: JsonValue): Promise<MessageShape<Response> | undefined>;
};

/**
 * One Export over HTTP, protobuf or JSON, answered in the format of the request (opentelemetry.io/docs/specs/otlp). A refusal
 * is a google.rpc.Status.
 */
export async function answerExport<Request extends DescMessage, Response extends DescMessage>(
  request: globalThis.Request,
  call: ExportCall<Request, Response>,
): Promise<globalThis.Response> {
  const format = formatOf(request.headers.get("content-type"));
  try {
    if (format === undefined)
      throw new BodyError(415, "expected Content-Type application/x-protobuf or application/json");
    return await withBody(request, call.limits, async (packed, take) => {
      const encoding = request.headers.get("content-encoding") ?? undefined;
      const body = await unpackedBody(packed, encoding, call.limits.bytesMax, take);
      const early = format === "protobuf" ? await call.runBytes?.(body) : undefined;
      const answer = early ?? (await runDecoded(call, body, format, take));
      return respond(200, format, call.response, answer);
    });
  } catch (thrown) {
    return refuse(refusalOf(thrown), format ?? "json");
  }
}

function formatOf(contentType: string | null): Format | undefined {
  const mediaType = (contentType ?? "").split(";")[0]?.trim().toLowerCase();
  if (mediaType === mediaTypes.protobuf) return "protobuf";
  return mediaType === mediaTypes.json ? "json" : undefined;
}

/** Throws as decode() does. */
async function runDecoded<Request extends DescMessage, Response extends DescMessage>(
  call: ExportCall<Request, Response>,
  body: Uint8Array,
  format: Format,
  take: TakeMemory,
): Promise<MessageShape<Response>> {
  const { request } = call;
  if (format === "protobuf") {
    const message = await inSlices(requestOf(request, body, take));
    return call.run(message, format);
  }
  const json = await inSlices(jsonOf(body, take));
  const early = await call.runJson?.(json);
  if (early !== undefined) return early;
  return call.run(await inSlices(decoded(format, jsonSteps(request, json, body.length))), format);
}

function* requestOf<Request extends DescMessage>(
  request: Request,
  body: Uint8Array,
  take: TakeMemory,
): Steps<MessageShape<Request>> {
  yield* takeProtobufSteps(body, request, take);
  return yield* decoded("protobuf", binarySteps(request, body));
}

function jsonOf(body: Uint8Array, take: TakeMemory): Steps<JsonValue> {
  return jsonBodySteps(body, { take, isFatal: true }, `${notValid} json message`);
}

/** Throws BodyError(400). */
function* decoded<Decoded>(format: Format, steps: Steps<Decoded>): Steps<Decoded> {
  try {
    return yield* steps;
  } catch (cause) {
    // Whatever a decoder throws, also at the end of the stack, means that these bytes are no such message.
    const message = `${notValid} ${format} message: ${messageOf(cause).slice(0, 200)}`;
    throw new BodyError(400, message, { cause });
  }
}

function refuse({ status, message, retryAfterSeconds }: Refusal, format: Format): Response {
  const code = status === 503 ? statusCodes.unavailable : statusCodes.invalidArgument;
  const response = respond(status, format, StatusSchema, create(StatusSchema, { code, message }));
  if (retryAfterSeconds !== undefined)
    response.headers.set("Retry-After", String(retryAfterSeconds));
  return response;
}

function respond<Desc extends DescMessage>(
  status: number,
  format: Format,
  schema: Desc,
  message: MessageShape<Desc>,
): Response {
  const body =
    format === "json" ? toJsonString(schema, message) : new Uint8Array(toBinary(schema, message));
  return new Response(body, { status, headers: { "Content-Type": mediaTypes[format] } });
}
