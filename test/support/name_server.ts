import { createSocket } from "node:dgram";

type NameRecord =
  | string
  | {
      readonly priority: number;
      readonly weight?: number;
      readonly port?: number;
      readonly host: string;
    };

const typeNumbers: Readonly<Record<string, number>> = { A: 1, NS: 2, MX: 15, AAAA: 28, SRV: 33 };

/**
 * A DNS server on a free UDP port of 127.0.0.1, as much of RFC 1035 as a resolver needs for one question. Records are by
 * "name TYPE", and may be changed while it runs. What it does not know does not exist.
 */
export async function startNameServer(records: Readonly<Record<string, readonly NameRecord[]>>) {
  const socket = createSocket("udp4");
  let isFailing = false;
  socket.on("message", (query, { port, address }) => {
    const { name, type, end } = readQuestion(query);
    const known = records[`${name} ${type}`] ?? [];
    const status = isFailing ? 2 : known.length === 0 ? 3 : 0;
    const answers = status === 0 ? known : [];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    // A response, recursion desired and available, and the status.
    header.writeUInt16BE(0x8180 | status, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    const parts = answers.map((record) => answer(type, recordData(type, record)));
    socket.send(Buffer.concat([header, query.subarray(12, end), ...parts]), port, address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    fail: (shouldFail: boolean) => {
      isFailing = shouldFail;
    },
    close: () => new Promise<void>((resolve) => void socket.close(() => resolve())),
  };
}

function readQuestion(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const number = query.readUInt16BE(at + 1);
  const type = Object.keys(typeNumbers).find((each) => typeNumbers[each] === number) ?? "";
  return { name: labels.join("."), type, end: at + 5 };
}

/** A record about the name of the question (0xc00c points at it), class IN, to live for no time. */
function answer(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(typeNumbers[type] ?? 0, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function recordData(type: string, record: NameRecord): Buffer {
  if (typeof record === "string") {
    if (type === "A") return Buffer.from(record.split(".").map(Number));
    return type === "AAAA" ? addressBytes(record) : nameBytes(record);
  }
  const numbers =
    type === "SRV" ? [record.priority, record.weight ?? 0, record.port ?? 0] : [record.priority];
  const head = Buffer.alloc(2 * numbers.length);
  for (const [i, number] of numbers.entries()) head.writeUInt16BE(number, 2 * i);
  return Buffer.concat([head, nameBytes(record.host)]);
}

/** An IPv6 address that is written with one "::". */
function addressBytes(address: string): Buffer {
  const [front = "", back = ""] = address.split("::");
  const bytes = Buffer.alloc(16);
  for (const [i, word] of wordsOf(front).entries())
    bytes.writeUInt16BE(Number.parseInt(word, 16), 2 * i);
  const tail = wordsOf(back);
  for (const [i, word] of tail.entries()) {
    bytes.writeUInt16BE(Number.parseInt(word, 16), 16 - 2 * (tail.length - i));
  }
  return bytes;
}

function nameBytes(name: string): Buffer {
  const labels = name
    .split(".")
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.alloc(1)]);
}

function wordsOf(text: string): string[] {
  return text.split(":").filter((word) => word !== "");
}
