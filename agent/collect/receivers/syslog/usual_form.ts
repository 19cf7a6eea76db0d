import { IsoTimeCut } from "../records/iso_time_cut.ts";

const [space, quote, backslash, open, close] = [0x20, 0x22, 0x5c, 0x5b, 0x5d];
const [less, greater, dash, colon, zero, one, zulu] = [0x3c, 0x3e, 0x2d, 0x3a, 0x30, 0x31, 0x5a];
const [upperG, upperU] = [0x47, 0x55];
/** "Jan _2 15:04:05". */
const oldSecondBytes = 15;
const priorityMax = 191;
/** A longer head is read as a whole; RFC 5424's longest without structured data has 480 bytes. */
const headBytesMax = 1_024;

/**
 * Where the parts of a message lie that has the form which nearly all have: `<PRI>1 TIME HOST APP PROCID MSGID DATA TEXT` of RFC 5424,
 * `<PRI>TIME HOST TAG: TEXT` of RFC 3164. It only finds borders: whether the parts are in order is asked of readSyslog() once for their bytes,
 * so each part that is looked up must be all that its reading depends on.
 */
export class UsualForm {
  name: "rfc5424" | "rfc3164" = "rfc5424";
  priority = 0;
  /** The time up to its second; what follows is `nanos`, and for the zone a number of its bytes. */
  timeStart = 0;
  secondEnd = 0;
  nanos = 0;
  zone = 0;
  hasYear = false;
  isTimeless = false;
  /** From the host to the data or tag, with the space behind it. */
  headStart = 0;
  headEnd = 0;
  /** Behind a byte order mark. */
  bodyStart = 0;
  /** For who asks readSyslog(): it sees the same parts. */
  isConfirmed = false;
  readonly #time = new IsoTimeCut();

  /** Whether bytes[start, end) seem to be of the form. */
  find(bytes: Buffer, start: number, end: number): boolean {
    this.isConfirmed = false;
    const at = this.#readPriority(bytes, start);
    if (at < 0) return false;
    const isNew = bytes[at] === one && bytes[at + 1] === space;
    const found = isNew ? this.#findNew(bytes, at + 2, end) : this.#findOld(bytes, at, end);
    return found && this.bodyStart <= end;
  }

  /** Where what follows it begins, or -1. */
  #readPriority(bytes: Buffer, start: number): number {
    if (bytes[start] !== less) return -1;
    let at = start + 1;
    let number = 0;
    for (; at <= start + 3; at++) {
      const digit = (bytes[at] ?? 0) - zero;
      if (digit < 0 || digit > 9) break;
      number = 10 * number + digit;
    }
    if (at === start + 1 || bytes[at] !== greater || number > priorityMax) return -1;
    this.priority = number;
    return at + 1;
  }

  #findNew(bytes: Buffer, start: number, end: number): boolean {
    this.name = "rfc5424";
    this.hasYear = true;
    this.timeStart = start;
    const timeEnd = this.#readTime(bytes, start);
    if (timeEnd < 0 || bytes[timeEnd] !== space) return false;
    this.headStart = timeEnd + 1;
    const stop = Math.min(end, this.headStart + headBytesMax);
    let at = this.headStart;
    for (let names = 0; names < 4; at++) {
      if (at >= stop) return false;
      const byte = bytes[at] ?? 0;
      if (byte === space) names++;
      else if (byte < space || byte > 0x7e) return false;
    }
    const dataEnd = bytes[at] === dash ? at + 1 : elementsEnd(bytes, at, stop);
    if (dataEnd < 0 || dataEnd >= stop || bytes[dataEnd] !== space) return false;
    this.headEnd = dataEnd + 1;
    const hasMark =
      bytes[this.headEnd] === 0xef &&
      bytes[this.headEnd + 1] === 0xbb &&
      bytes[this.headEnd + 2] === 0xbf;
    this.bodyStart = this.headEnd + (hasMark ? 3 : 0);
    return true;
  }

  /** Where the time ends: "-", or RFC 3339 with up to nine digits of a second; or -1. */
  #readTime(bytes: Buffer, start: number): number {
    this.isTimeless = bytes[start] === dash;
    if (this.isTimeless) {
      this.nanos = 0;
      this.zone = 0;
      this.secondEnd = start + 1;
      return start + 1;
    }
    const end = this.#time.find(bytes, start);
    this.nanos = this.#time.nanos;
    this.zone = this.#time.zone;
    this.secondEnd = this.#time.secondEnd;
    return end;
  }

  #findOld(bytes: Buffer, start: number, end: number): boolean {
    this.name = "rfc3164";
    this.hasYear = false;
    this.isTimeless = false;
    this.nanos = 0;
    this.zone = 0;
    this.timeStart = start;
    this.secondEnd = start + oldSecondBytes;
    if (bytes[start + 3] !== space || bytes[start + 9] !== colon) return false;
    if (bytes[this.secondEnd] !== space || namesZone(bytes, this.secondEnd + 1)) return false;
    this.headStart = this.secondEnd + 1;
    const stop = Math.min(end, this.headStart + headBytesMax);
    for (let at = this.headStart; at + 1 < stop; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < space || byte > 0x7e) return false;
      if (byte !== colon || bytes[at + 1] !== space) continue;
      this.headEnd = at + 2;
      this.bodyStart = this.headEnd;
      return true;
    }
    return false;
  }
}

/** Whether a zone, "Z ", "UTC " or "GMT ", seems to stand behind an old time: it would belong to that. */
function namesZone(bytes: Buffer, at: number): boolean {
  const letter = bytes[at];
  if (letter === zulu) return bytes[at + 1] === space;
  return (letter === upperU || letter === upperG) && bytes[at + 3] === space;
}

/** Where the elements of structured data end, by their brackets and quotes alone; -1 where they do not. */
function elementsEnd(bytes: Buffer, start: number, stop: number): number {
  let at = start;
  let isQuoted = false;
  if (bytes[at] !== open) return -1;
  for (; at < stop; at++) {
    const byte = bytes[at];
    if (isQuoted && byte === backslash) at++;
    else if (byte === quote) isQuoted = !isQuoted;
    else if (!isQuoted && byte === close && bytes[at + 1] !== open) return at + 1;
  }
  return -1;
}
