import { type DnsRecord, readName } from "./message.ts";
import { className, dnsTypes, typeName } from "./numbers.ts";

/** A record as the blackbox exporter's regular expressions see it (miekg/dns, RR.String()): name, time to live, class, type, data, by tabs. */
export function recordText(record: DnsRecord): string {
  const { name, ttlSeconds, type } = record;
  return `${name}\t${ttlSeconds}\t${className(record.class)}\t${typeName(type)}\t${dataText(record)}`;
}

/** Serial number of a record of type SOA; undefined for others. */
export function soaSerial(record: DnsRecord): number | undefined {
  if (record.type !== dnsTypes["SOA"]) return undefined;
  const { end } = readName(record.message, readName(record.message, record.start).end);
  return end + 4 <= record.end ? viewOf(record).getUint32(end) : undefined;
}

function viewOf({ message }: DnsRecord): DataView {
  return new DataView(message.buffer, message.byteOffset, message.length);
}

/** Data that is not of its type's form is written as that of an unknown type (RFC 3597). */
function dataText(record: DnsRecord): string {
  try {
    return writers[typeName(record.type)]?.(record) ?? unknown(record);
  } catch {
    return unknown(record);
  }
}

type Writer = (record: DnsRecord) => string | undefined;

const name: Writer = ({ message, start }) => readName(message, start).name;
const texts: Writer = (record) => stringsOf(record, record.start).map(quoted).join(" ");

const writers: Readonly<Record<string, Writer>> = {
  A: ({ message, start, end }) =>
    end - start === 4 ? message.subarray(start, end).join(".") : undefined,
  AAAA: ({ message, start, end }) =>
    end - start === 16 ? ipv6Text(message.subarray(start, end)) : undefined,
  NS: name,
  CNAME: name,
  PTR: name,
  DNAME: name,
  TXT: texts,
  SPF: texts,
  HINFO: texts,
  MX: (record) =>
    `${viewOf(record).getUint16(record.start)} ${readName(record.message, record.start + 2).name}`,
  SRV: (record) => {
    const view = viewOf(record);
    const numbers = [0, 2, 4].map((offset) => view.getUint16(record.start + offset));
    return `${numbers.join(" ")} ${readName(record.message, record.start + 6).name}`;
  },
  SOA: (record) => {
    const primary = readName(record.message, record.start);
    const mailbox = readName(record.message, primary.end);
    const view = viewOf(record);
    const numbers = [0, 4, 8, 12, 16].map((offset) => view.getUint32(mailbox.end + offset));
    return [primary.name, mailbox.name, ...numbers].join(" ");
  },
  CAA: (record) => {
    const { message, start, end } = record;
    const tagLength = message[start + 1] ?? 0;
    const tag = latin(message.subarray(start + 2, start + 2 + tagLength));
    const value = latin(message.subarray(start + 2 + tagLength, end));
    return `${message[start] ?? 0} ${tag} ${quoted(value)}`;
  },
  DS: (record) =>
    [
      viewOf(record).getUint16(record.start),
      ...record.message.subarray(record.start + 2, record.start + 4),
      hexOf(record, 4).toUpperCase(),
    ].join(" "),
  DNSKEY: (record) =>
    [
      viewOf(record).getUint16(record.start),
      ...record.message.subarray(record.start + 2, record.start + 4),
      base64Of(record, record.start + 4),
    ].join(" "),
  SSHFP: (record) =>
    [
      ...record.message.subarray(record.start, record.start + 2),
      hexOf(record, 2).toUpperCase(),
    ].join(" "),
  TLSA: (record) =>
    [...record.message.subarray(record.start, record.start + 3), hexOf(record, 3)].join(" "),
  RRSIG: (record) => {
    const view = viewOf(record);
    const { message, start } = record;
    const signer = readName(message, start + 18);
    return [
      typeName(view.getUint16(start)),
      message[start + 2] ?? 0,
      message[start + 3] ?? 0,
      view.getUint32(start + 4),
      dayText(view.getUint32(start + 8)),
      dayText(view.getUint32(start + 12)),
      view.getUint16(start + 16),
      signer.name,
      base64Of(record, signer.end),
    ].join(" ");
  },
  NAPTR: (record) => {
    const view = viewOf(record);
    const { start, message } = record;
    const [flags = "", service = "", regexp = ""] = stringsOf(record, start + 4, 3);
    const bytes = [flags, service, regexp].reduce((sum, text) => sum + text.length + 1, 4);
    const target = readName(message, start + bytes).name;
    const words = [flags, service, regexp].map(quoted).join(" ");
    return `${view.getUint16(start)} ${view.getUint16(start + 2)} ${words} ${target}`;
  },
};

function unknown(record: DnsRecord): string {
  return `\\# ${record.end - record.start} ${hexOf(record, 0)}`;
}

function hexOf({ message, start, end }: DnsRecord, skip: number): string {
  return Buffer.from(message.subarray(start + skip, end)).toString("hex");
}

function base64Of({ message, end }: DnsRecord, from: number): string {
  return Buffer.from(message.subarray(from, end)).toString("base64");
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** Strings with their lengths before them. */
function stringsOf({ message, end }: DnsRecord, from: number, countMax = 1_000): string[] {
  const found: string[] = [];
  let at = from;
  while (at < end && found.length < countMax) {
    const length = message[at] ?? 0;
    found.push(latin(message.subarray(at + 1, Math.min(at + 1 + length, end))));
    at += 1 + length;
  }
  return found;
}

function quoted(text: string): string {
  const escaped = text
    .replaceAll(/["\\]/g, String.raw`\$&`)
    .replaceAll(/[^ -~]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, "0")}`);
  return `"${escaped}"`;
}

/** RFC 5952: the first longest run of zero words, of two at least, left out. */
function ipv6Text(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (words[at + length] === "0") length++;
    if (length > best.length) best = { at, length };
  }
  if (best.length < 2) return words.join(":");
  return `${words.slice(0, best.at).join(":")}::${words.slice(best.at + best.length).join(":")}`;
}

/** Seconds as YYYYMMDDHHmmSS in UTC. */
function dayText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replaceAll(/[-:T]|\.\d+Z$/g, "");
}
