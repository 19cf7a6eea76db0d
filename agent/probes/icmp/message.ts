/** Echo requests and replies of ICMP (RFC 792) and ICMPv6 (RFC 4443). */
export type Echo = {
  readonly type: number;
  readonly id: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
};

const headerBytes = 8;
export const echoTypes = {
  ip4: { request: 8, reply: 0 },
  ip6: { request: 128, reply: 129 },
} as const;

/** With the checksum of IPv4; the kernel makes that of ICMPv6, and those of ping sockets. */
export function encodeEcho({ type, id, sequence, payload }: Echo): Uint8Array {
  const message = new Uint8Array(headerBytes + payload.length);
  const view = new DataView(message.buffer);
  message[0] = type;
  view.setUint16(4, id);
  view.setUint16(6, sequence);
  message.set(payload, headerBytes);
  view.setUint16(2, checksum(message));
  return message;
}

/** Undefined for what is too short. */
export function decodeEcho(message: Uint8Array): Echo | undefined {
  if (message.length < headerBytes) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  return {
    type: message[0] ?? 0,
    id: view.getUint16(4),
    sequence: view.getUint16(6),
    payload: message.subarray(headerBytes),
  };
}

/** RFC 1071: the complement of the sum of all words, carries added back. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
