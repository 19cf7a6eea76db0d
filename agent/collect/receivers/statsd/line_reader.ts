import { numberAt } from "../records/byte_number.ts";

const [colon, pipe, at, hash, lowerC, upperT] = [0x3a, 0x7c, 0x40, 0x23, 0x63, 0x54];
const [lowerM, lowerS] = [0x6d, 0x73];
const absent = 0;
/** A lower one would make one event millions. */
const rateMin = 1e-6;

/** Types of samples by their letters; "ms" is `timing`. */
export const sampleTypes = {
  c: 0x63,
  g: 0x67,
  h: 0x68,
  d: 0x64,
  s: 0x73,
  /** A meter, which some clients have: a counter. */
  m: 0x6d,
  timing: 1,
} as const;

/**
 * The samples of one series in a line, as places in its bytes: values [valuesStart, valuesEnd) with colons between them. One
 * object, used again for all.
 */
export type LinePart = {
  nameStart: number;
  nameEnd: number;
  valuesStart: number;
  valuesEnd: number;
  /** Of `sampleTypes`. */
  type: number;
  /** The section after "#"; both 0 where there is none. */
  tagsStart: number;
  tagsEnd: number;
  containerStart: number;
  containerEnd: number;
  /** Share of events that were sent; 1 where nothing is said. */
  rate: number;
  /** Unix seconds of the sender's; 0 where there are none. */
  unixSeconds: number;
};

/**
 * Reads lines of StatsD and DogStatsD: `name:value|type`, several values before a type (DogStatsD 1.1), several samples of one name
 * (`a:1|c:2|g`), and sections `@rate`, `#tags`, `c:container`, `T<seconds>` in any order, others being skipped
 * (github.com/statsd/statsd, docs/metric_types.md; docs.datadoghq.com, DogStatsD's datagram format).
 */
export class LineReader {
  readonly #part: LinePart = {
    nameStart: 0,
    nameEnd: 0,
    valuesStart: 0,
    valuesEnd: 0,
    type: 0,
    tagsStart: 0,
    tagsEnd: 0,
    containerStart: 0,
    containerEnd: 0,
    rate: 1,
    unixSeconds: 0,
  };
  readonly #take: (bytes: Buffer, part: LinePart) => void;
  readonly #refuse: () => void;

  /** `take` gets what can be read, `refuse` is called for each sample that can't. */
  constructor(take: (bytes: Buffer, part: LinePart) => void, refuse: () => void) {
    this.#take = take;
    this.#refuse = refuse;
  }

  /** Reads bytes[start, end), which is one line without its end. */
  read(bytes: Buffer, start: number, end: number): void {
    const part = this.#part;
    const nameEnd = place(bytes, start, end, colon);
    if (nameEnd === start || nameEnd >= end) return this.#refuse();
    part.nameStart = start;
    part.nameEnd = nameEnd;
    for (let next = nameEnd + 1; next <= end;) next = this.#readPart(bytes, next, end);
  }

  /** Gives where the next part begins, after a colon; beyond the end where there is none. */
  #readPart(bytes: Buffer, start: number, end: number): number {
    const part = this.#part;
    const valuesEnd = place(bytes, start, end, pipe);
    if (valuesEnd >= end || valuesEnd === start) {
      this.#refuse();
      return end + 1;
    }
    part.valuesStart = start;
    part.valuesEnd = valuesEnd;
    part.tagsStart = part.tagsEnd = part.containerStart = part.containerEnd = absent;
    part.rate = 1;
    part.unixSeconds = 0;
    const typeStart = valuesEnd + 1;
    let next = sectionEnd(bytes, typeStart, end);
    part.type = typeOf(bytes, typeStart, next);
    while (next < end && bytes[next] === pipe) next = this.#readSection(bytes, next + 1, end);
    if (part.type === 0 || !(part.rate >= rateMin) || Number.isNaN(part.unixSeconds))
      this.#refuse();
    else this.#take(bytes, part);
    return next + 1;
  }

  /** Gives where the section ends: at a bar, at the colon of a next part, or at the end. */
  #readSection(bytes: Buffer, start: number, end: number): number {
    const part = this.#part;
    const kind = start < end ? bytes[start] : 0;
    if (kind === at) {
      const next = sectionEnd(bytes, start, end);
      part.rate = numberAt(bytes, start + 1, next);
      return next;
    }
    const next = place(bytes, start, end, pipe);
    if (kind === hash) {
      part.tagsStart = start + 1;
      part.tagsEnd = next;
    } else if (kind === lowerC && bytes[start + 1] === colon) {
      part.containerStart = start + 2;
      part.containerEnd = next;
    } else if (kind === upperT) part.unixSeconds = numberAt(bytes, start + 1, next);
    return next;
  }
}

function place(bytes: Buffer, start: number, end: number, wanted: number): number {
  let next = start;
  while (next < end && bytes[next] !== wanted) next++;
  return next;
}

function sectionEnd(bytes: Buffer, start: number, end: number): number {
  let next = start;
  while (next < end && bytes[next] !== pipe && bytes[next] !== colon) next++;
  return next;
}

/** 0 for none of ours. */
function typeOf(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] ?? 0;
  if (end - start === 2) return first === lowerM && bytes[start + 1] === lowerS ? 1 : 0;
  if (end - start !== 1) return 0;
  const { c, g, h, d, s, m } = sampleTypes;
  const isKnown =
    first === c || first === g || first === h || first === d || first === s || first === m;
  return isKnown ? first : 0;
}
