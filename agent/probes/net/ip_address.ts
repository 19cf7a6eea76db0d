import { isIPv4, isIPv6 } from "node:net";

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** Sixteen bytes of an address, IPv4 as ::ffff:a.b.c.d; undefined for what is none. A zone ("%eth0") is left out. */
export function addressBytes(address: string): Uint8Array | undefined {
  const text = address.split("%")[0] ?? "";
  if (isIPv4(text)) return Uint8Array.from([...mappedPrefix, ...text.split(".").map(Number)]);
  if (!isIPv6(text)) return undefined;
  const bytes = new Uint8Array(16);
  const [front = "", back] = text.split("::");
  const head = groupBytes(front);
  const tail = back === undefined ? [] : groupBytes(back);
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const word = Number.parseInt(group, 16);
    return [word >> 8, word & 0xff];
  });
}

/** Whether these are the bytes of an IPv4 address. */
export function isMapped(bytes: Uint8Array): boolean {
  return mappedPrefix.every((byte, i) => bytes[i] === byte);
}

/** IPv4 addresses that travel in IPv6 ones: NAT64's well-known prefix (RFC 6052), 6to4 (RFC 3056), and ::a.b.c.d (RFC 4291). */
export function embeddedIpv4(bytes: Uint8Array): Uint8Array | undefined {
  const nat64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
  if (nat64.every((byte, i) => bytes[i] === byte)) return mapped(bytes.subarray(12));
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return mapped(bytes.subarray(2, 6));
  // :: and ::1 are addresses of their own.
  const isCompatible = bytes.subarray(0, 12).every((byte) => byte === 0);
  return isCompatible && bytes[12] !== 0 ? mapped(bytes.subarray(12)) : undefined;
}

function mapped(four: Uint8Array): Uint8Array {
  return Uint8Array.from([...mappedPrefix, ...four]);
}

/** FNV-1a in 32 bits over an address's 4 or 16 bytes: what the blackbox exporter tells a change of address by. */
export function addressHash(address: string): number {
  const bytes = addressBytes(address) ?? new Uint8Array(16);
  let hash = 0x811c9dc5;
  for (const byte of isMapped(bytes) ? bytes.subarray(12) : bytes)
    hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
