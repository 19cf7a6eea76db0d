import { fromBinary } from "@bufbuild/protobuf";
import type { Request } from "playwright-core";
import { QueryLogqlRequestSchema, QueryPromqlRequestSchema } from "#proto/gen/v1/query_pb.js";

/** The head of the one message that a page sends. */
const headBytes = 5;

/** What a page asks in PromQL; undefined for other requests. */
export function askedPromql(request: Request) {
  const body = bodyOf(request, "QueryPromql");
  return body && fromBinary(QueryPromqlRequestSchema, body);
}

/** What a page asks in LogQL; undefined for other requests. */
export function askedLogql(request: Request) {
  const body = bodyOf(request, "QueryLogql");
  return body && fromBinary(QueryLogqlRequestSchema, body);
}

function bodyOf(request: Request, method: string): Uint8Array | undefined {
  if (!request.url().endsWith(`.QueryService/${method}`)) return undefined;
  return request.postDataBuffer()?.subarray(headBytes);
}
