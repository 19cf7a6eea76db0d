import { OperatingError } from "#shared/errors.ts";

/** Of RFC 9327, "Control Messages Protocol for Use with Network Time Protocol Version 4". */
export const operations = { readStatus: 1, readVariables: 2 } as const;
export type Operation = keyof typeof operations;

const headBytes = 12;
/** Version 2 of NTP in mode 6, which every ntpd answers. */
const versionAndMode = (2 << 3) | 6;
const [responseBit, errorBit, moreBit] = [0x80, 0x40, 0x20];
/** What one answer may have; of the largest ntpd gives some 1,000 bytes, and 4 for each peer. */
const answerBytesMax = 64 * 1_024;

/** "unknown variable name" among the error codes. */
export const unknownVariable = 5;
const errors: Readonly<Record<number, string>> = {
  1: "authentication failure",
  2: "invalid message length or format",
  3: "invalid opcode",
  4: "unknown association identifier",
  [unknownVariable]: "unknown variable name",
  6: "invalid variable value",
  7: "administratively prohibited",
};

/** ntpd refused a question. */
export class RefusedQuestionError extends OperatingError {
  readonly reason: number;

  constructor(reason: number) {
    super("bad_request", `ntpd answered: ${errors[reason] ?? `error ${reason}`}`);
    this.reason = reason;
  }
}

/** A question; `data` names the variables that are asked for. */
export function question(
  operation: Operation,
  sequence: number,
  association: number,
  data: string,
): Buffer {
  const length = Buffer.byteLength(data, "latin1");
  const bytes = Buffer.alloc(headBytes + Math.ceil(length / 4) * 4);
  bytes.writeUInt8(versionAndMode, 0);
  bytes.writeUInt8(operations[operation], 1);
  bytes.writeUInt16BE(sequence, 2);
  bytes.writeUInt16BE(association, 6);
  bytes.writeUInt16BE(length, 10);
  bytes.write(data, headBytes, "latin1");
  return bytes;
}

/** An answer, which may come in several datagrams, in any order. */
export class Answer {
  readonly #operation: number;
  readonly #sequence: number;
  /** By offset. */
  readonly #parts = new Map<number, Buffer>();
  #heldBytes = 0;
  /** Of all parts, once the last one came. */
  #length: number | undefined;

  constructor(operation: Operation, sequence: number) {
    this.#operation = operations[operation];
    this.#sequence = sequence;
  }

  /** Takes a datagram, and gives the answer's data once it is whole. What answers another question is passed over. Throws OperatingError. */
  take(datagram: Buffer): Buffer | undefined {
    if (datagram.length < headBytes || (datagram.readUInt8(0) & 7) !== 6)
      throw new OperatingError("corrupt", "the answer is not of NTP's control protocol");
    const kind = datagram.readUInt8(1);
    const isOurs =
      (kind & responseBit) !== 0 &&
      (kind & 0x1f) === this.#operation &&
      datagram.readUInt16BE(2) === this.#sequence;
    if (!isOurs) return undefined;
    if ((kind & errorBit) !== 0) throw new RefusedQuestionError(datagram.readUInt8(4));
    const [offset, count] = [datagram.readUInt16BE(8), datagram.readUInt16BE(10)];
    const part = datagram.subarray(headBytes, headBytes + count);
    if (part.length < count) throw new OperatingError("corrupt", "the answer was cut short");
    if (this.#parts.has(offset)) return undefined;
    this.#parts.set(offset, Buffer.from(part));
    this.#heldBytes += count;
    if (this.#heldBytes > answerBytesMax)
      throw new OperatingError("corrupt", "an answer of more than 64 KiB");
    if ((kind & moreBit) === 0) this.#length = offset + count;
    return this.#heldBytes === this.#length ? this.#whole() : undefined;
  }

  #whole(): Buffer {
    const offsets = [...this.#parts.keys()].toSorted((a, b) => a - b);
    return Buffer.concat(offsets.map((offset) => this.#parts.get(offset) ?? Buffer.alloc(0)));
  }
}

/** `name=value, name="value"`, with line breaks between some; values without their quotes. */
export function readVariables(data: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  const pairs = data.toString("latin1").matchAll(/([A-Za-z][\w.]*)=(?:"([^"]*)"|([^,\r\n]*))/g);
  for (const [, name = "", quoted, plain = ""] of pairs) found.set(name, quoted ?? plain.trim());
  return found;
}
