import { OperatingError } from "#shared/errors.ts";

/**
 * Version 6 of chronyd's protocol for commands and monitoring, of chrony 2.2 and later; layouts as in candm.h of
 * https://gitlab.com/chrony/chrony. All numbers are big-endian.
 */
export const commands = {
  countOfSources: { command: 14, reply: 2, bytes: 32 },
  source: { command: 15, reply: 3, bytes: 76 },
  tracking: { command: 33, reply: 5, bytes: 104 },
  sourceStatistics: { command: 34, reply: 6, bytes: 84 },
  sourceName: { command: 65, reply: 19, bytes: 284 },
} as const;
export type Command = (typeof commands)[keyof typeof commands];

const version = 6;
const requestHead = 20;
/** Requests are padded, so that no answer is longer than its question: no one can be flooded through chronyd. */
const requestBytes = requestHead + 396;
/** Where the data of an answer begins. */
const data = 28;

/** A question as it is sent; `body` stands where the command's parameters do. */
export function request(command: Command, sequence: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(requestBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, version);
  view.setUint8(1, 1);
  view.setUint16(4, command.command);
  view.setUint32(8, sequence);
  bytes.set(body, requestHead);
  return bytes;
}

const notAuthorised = 2;
const noSuchSource = 4;

/** An answer's data, read by offset from its beginning. */
export class Reply {
  readonly #view: DataView;

  private constructor(view: DataView) {
    this.#view = view;
  }

  /** Undefined for a datagram that answers another question. Throws OperatingError for what is no answer, or one that refuses. */
  static read(bytes: Uint8Array, command: Command, sequence: number): Reply | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.byteLength < data || view.getUint8(1) !== 2)
      throw new OperatingError("corrupt", "the answer is not of chronyd's protocol");
    if (view.getUint8(0) !== version)
      throw new OperatingError(
        "corrupt",
        `chronyd speaks version ${view.getUint8(0)} of its protocol, expected ${version}`,
      );
    if (view.getUint32(16) !== sequence || view.getUint16(4) !== command.command) return undefined;
    const status = view.getUint16(8);
    if (status === notAuthorised)
      throw new OperatingError("bad_request", "chronyd answered: not authorised");
    if (status === noSuchSource)
      throw new OperatingError("not_found", "chronyd answered: no such source");
    if (status !== 0) throw new OperatingError("bad_request", `chronyd answered status ${status}`);
    if (view.getUint16(6) !== command.reply || bytes.byteLength < command.bytes)
      throw new OperatingError("corrupt", "chronyd's answer is of an unknown form");
    return new Reply(view);
  }

  unsigned16(offset: number): number {
    return this.#view.getUint16(data + offset);
  }

  signed16(offset: number): number {
    return this.#view.getInt16(data + offset);
  }

  unsigned32(offset: number): number {
    return this.#view.getUint32(data + offset);
  }

  /** 7 bits of exponent, 25 of coefficient, both signed; the coefficient is a fraction. */
  float(offset: number): number {
    const word = this.#view.getInt32(data + offset);
    return ((word << 7) >> 7) * 2 ** ((word >> 25) - 25);
  }

  /** Unix seconds. */
  time(offset: number): number {
    const high = this.#view.getUint32(data + offset);
    const low = this.#view.getUint32(data + offset + 4);
    // The highest word says so where the server has but 32 bits.
    const seconds = (high === 0x7fffffff ? 0 : high * 2 ** 32) + low;
    return seconds + this.#view.getUint32(data + offset + 8) / 1e9;
  }

  /** Text up to the first zero byte, `length` at most. */
  text(offset: number, length: number): string {
    const bytes = new Uint8Array(this.#view.buffer, this.#view.byteOffset + data + offset, length);
    const end = bytes.indexOf(0);
    return Buffer.from(bytes.subarray(0, end < 0 ? length : end)).toString("utf8");
  }

  /** The 20 bytes of an address, as they are sent back in questions. */
  addressBytes(offset: number): Uint8Array {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + data + offset, 20);
  }

  /** As people write it; "" where there is none. */
  address(offset: number): string {
    const family = this.#view.getUint16(data + offset + 16);
    if (family === 1) return [...this.addressBytes(offset).subarray(0, 4)].join(".");
    if (family === 2) return ipv6(this.#view, data + offset);
    // A source whose name is not resolved yet.
    if (family === 3)
      return `ID#${this.#view
        .getUint32(data + offset)
        .toString(16)
        .padStart(10, "0")
        .toUpperCase()}`;
    return "";
  }
}

/** RFC 5952: the longest run of zeros, of two words or more, is left out. */
function ipv6(view: DataView, offset: number): string {
  const words = Array.from({ length: 8 }, (_, i) => view.getUint16(offset + i * 2).toString(16));
  let [best, bestLength] = [-1, 1];
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && words[end] === "0") end++;
    if (end - start > bestLength) [best, bestLength] = [start, end - start];
  }
  if (best < 0) return words.join(":");
  return `${words.slice(0, best).join(":")}::${words.slice(best + bestLength).join(":")}`;
}

/** Four bytes as the letters that name a reference clock ("PPS", "GPS"), without what is no letter. */
export function clockName(referenceId: number): string {
  return [24, 16, 8, 0]
    .map((shift) => (referenceId >>> shift) & 0xff)
    .filter((byte) => byte > 0x20 && byte < 0x7f)
    .map((byte) => String.fromCodePoint(byte))
    .join("");
}
