/** grpc.health.v1.Health/Check (github.com/grpc/grpc, src/proto/grpc/health/v1/health.proto), in gRPC's framing: a flag, a length, a message. */
import { OperatingError } from "#shared/errors.ts";

export const healthPath = "/grpc.health.v1.Health/Check";
export const servingStatuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

const serviceTag = 0x0a;
const statusTag = 0x08;

/** HealthCheckRequest{service}. */
export function encodeCheck(service: string): Buffer {
  const name = Buffer.from(service);
  const message =
    name.length === 0
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.from([serviceTag]), varint(name.length), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** HealthCheckResponse.status as its name; a number that has none is told as it is. Throws OperatingError("corrupt"). */
export function decodeStatus(body: Buffer): string {
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5)
    throw new OperatingError("corrupt", "malformed answer of gRPC");
  const message = body.subarray(5);
  if (message.length === 0) return servingStatuses[0];
  if (message[0] !== statusTag || message.length < 2)
    throw new OperatingError("corrupt", "malformed HealthCheckResponse");
  const status = message[1] ?? 0;
  return servingStatuses[status] ?? String(status);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
