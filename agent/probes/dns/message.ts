import { OperatingError } from "#shared/errors.ts";

/** Messages of DNS (RFC 1035 section 4), as much as a client needs. */
export type DnsMessage = {
  readonly id: number;
  readonly isResponse: boolean;
  readonly isTruncated: boolean;
  readonly code: number;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
};

export type DnsRecord = {
  /** With escapes, and a dot at its end. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  /** Where its data stands in `message`, which names in it point into. */
  readonly message: Uint8Array;
  readonly start: number;
  readonly end: number;
};

const headerBytes = 12;
/** Names have 255 bytes at most, so no more labels than that; each pointer must lead back, so that no loop is possible. */
const nameBytesMax = 255;
const decoder = new TextDecoder("latin1");

class BadMessageError extends OperatingError {
  constructor(what: string) {
    super("corrupt", `malformed DNS message: ${what}`);
  }
}

/** A question. Throws OperatingError("bad_request") for a name that is none. */
export function encodeQuery(query: {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly isRecursive: boolean;
}): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(query.id, 0);
  header.writeUInt16BE(query.isRecursive ? 0x0100 : 0, 2);
  header.writeUInt16BE(1, 4);
  const question = Buffer.alloc(4);
  question.writeUInt16BE(query.type, 0);
  question.writeUInt16BE(query.class, 2);
  return Buffer.concat([header, encodeName(query.name), question]);
}

function encodeName(name: string): Buffer {
  const bare = name.replace(/\.$/, "");
  const labels = bare === "" ? [] : bare.split(".").map((label) => Buffer.from(label));
  if (labels.some(({ length }) => length === 0 || length > 63))
    throw new OperatingError("bad_request", `"${name}" is no name of DNS`);
  const parts = labels.flatMap((label) => [Buffer.from([label.length]), label]);
  const bytes = Buffer.concat([...parts, Buffer.from([0])]);
  if (bytes.length > nameBytesMax)
    throw new OperatingError("bad_request", `"${name}" is too long a name of DNS`);
  return bytes;
}

/** Throws OperatingError("corrupt"). Time and memory are linear in the message's length. */
export function decodeMessage(message: Uint8Array): DnsMessage {
  if (message.length < headerBytes) throw new BadMessageError("shorter than its header");
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const flags = view.getUint16(2);
  let at = headerBytes;
  for (let i = 0; i < view.getUint16(4); i++) {
    at = readName(message, at).end + 4;
    if (at > message.length) throw new BadMessageError("a question that is cut off");
  }
  const section = (countAt: number): DnsRecord[] => {
    const records: DnsRecord[] = [];
    for (let i = 0; i < view.getUint16(countAt); i++) {
      const record = readRecord(message, view, at);
      records.push(record);
      at = record.end;
    }
    return records;
  };
  return {
    id: view.getUint16(0),
    isResponse: (flags & 0x8000) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    code: flags & 0xf,
    answers: section(6),
    authorities: section(8),
    additionals: section(10),
  };
}

function readRecord(message: Uint8Array, view: DataView, at: number): DnsRecord {
  const { name, end: afterName } = readName(message, at);
  if (afterName + 10 > message.length) throw new BadMessageError("a record that is cut off");
  const start = afterName + 10;
  const end = start + view.getUint16(afterName + 8);
  if (end > message.length) throw new BadMessageError("a record that is cut off");
  return {
    name,
    type: view.getUint16(afterName),
    class: view.getUint16(afterName + 2),
    ttlSeconds: view.getUint32(afterName + 4),
    message,
    start,
    end,
  };
}

/** The name at a place, and where what follows it stands. Throws OperatingError("corrupt"). */
export function readName(message: Uint8Array, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let length = 1;
  /** Pointers lead back: each before the place where the name, or the part of it that the last one led to, begins. */
  let before = start;
  for (;;) {
    const size = message[at];
    if (size === undefined) throw new BadMessageError("a name that is cut off");
    if (size === 0) break;
    if (size >= 0xc0) {
      const low = message[at + 1];
      if (low === undefined) throw new BadMessageError("a name that is cut off");
      const target = ((size & 0x3f) << 8) | low;
      if (target >= before) throw new BadMessageError("a name that points at itself");
      if (end < 0) end = at + 2;
      before = target;
      at = target;
      continue;
    }
    if (size >= 0x40) throw new BadMessageError("a label of an unknown kind");
    length += size + 1;
    if (length > nameBytesMax || at + 1 + size > message.length)
      throw new BadMessageError("a name that is too long");
    labels.push(escapedLabel(message.subarray(at + 1, at + 1 + size)));
    at += size + 1;
  }
  return { name: labels.length === 0 ? "." : `${labels.join(".")}.`, end: end < 0 ? at + 1 : end };
}

/** A label in the form of master files: bytes that mean something escaped, others that are no printable ASCII in decimals. */
function escapedLabel(bytes: Uint8Array): string {
  return decoder
    .decode(bytes)
    .replaceAll(/[."();@\\$]/g, String.raw`\$&`)
    .replaceAll(/[^!-~]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, "0")}`);
}
